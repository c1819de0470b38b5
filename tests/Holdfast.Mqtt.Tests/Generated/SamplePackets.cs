using System.Buffers;
using CsCheck;
using Holdfast.Mqtt.Packets;
using static Holdfast.Mqtt.Tests.Generated.Values;

namespace Holdfast.Mqtt.Tests.Generated;

/// <summary>Generators of valid packets of every type.</summary>
public static class SamplePackets
{
    public static readonly Gen<SamplePacket> Publish =
        from version in AnyVersion
        from fromServer in Gen.Bool
        from topic in NonEmptyText
        from aliased in Gen.Bool
        from alias in PositiveUInt16
        from payload in Bytes
        from properties in Forwardable
        from expiry in Maybe(AnyUInt32)
        from identifiers in Variable.Array[0, 3]
        from quality in Quality
        from id in PacketId
        from duplicate in Gen.Bool
        from retain in Gen.Bool
        select WritePublish(
            new PublishPacket
            {
                Topic = System.Text.Encoding.UTF8.GetBytes(aliased && alias % 2 == 0 && version == ProtocolVersion.Mqtt5 ? "" : topic),
                Payload = payload,
                Properties = properties,
                MessageExpirySeconds = expiry,
                SubscriptionIdentifiers = fromServer ? identifiers : [],
                TopicAlias = aliased ? alias : (ushort)0,
                QualityOfService = quality,
                PacketId = quality == QualityOfService.AtMostOnce ? (ushort)0 : id,
                Duplicate = duplicate && quality != QualityOfService.AtMostOnce,
                Retain = retain,
            },
            version,
            fromServer);

    public static readonly Gen<SamplePacket> Ack =
        from version in AnyVersion
        from type in Gen.OneOf(PacketType.PubAck, PacketType.PubRec, PacketType.PubRel, PacketType.PubComp)
        from id in PacketId
        from refused in Gen.Bool
        select WriteAck(
            new AckPacket(type, id, (refused, type) switch
            {
                (false, _) => ReasonCode.Success,
                (true, PacketType.PubAck or PacketType.PubRec) => ReasonCode.QuotaExceeded,
                _ => ReasonCode.PacketIdentifierNotFound,
            }),
            version);

    private static readonly Gen<Will> AnyWill =
        from topic in NonEmptyText
        from payload in Bytes
        from quality in Quality
        from retain in Gen.Bool
        from delay in AnyUInt32
        from expiry in Maybe(AnyUInt32)
        from properties in Forwardable
        select new Will
        {
            Topic = topic,
            Payload = payload,
            QualityOfService = quality,
            Retain = retain,
            DelaySeconds = delay,
            MessageExpirySeconds = expiry,
            Properties = properties,
        };

    private static readonly Gen<ConnectPacket> AnyConnect =
        from limits in Gen.Select(AnyUInt32, PositiveUInt16, PositiveUInt32, AnyUInt16, AnyUInt16)
        from flags in Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool)
        from client in NonEmptyText
        from user in Maybe(AnyText)
        from password in Maybe(Bytes)
        from method in Maybe(Text)
        from data in Maybe(Bytes)
        from properties in UserProperties
        from will in AnyWill
        select new ConnectPacket
        {
            Version = ProtocolVersion.Mqtt5,
            ClientId = client,
            CleanStart = flags.Item1,
            RequestResponseInformation = flags.Item2,
            RequestProblemInformation = flags.Item3,
            Will = flags.Item4 ? will : null,
            SessionExpirySeconds = limits.Item1,
            ReceiveMaximum = limits.Item2,
            MaximumPacketSize = limits.Item3,
            TopicAliasMaximum = limits.Item4,
            KeepAliveSeconds = limits.Item5,
            UserName = user,
            Password = password,
            AuthenticationMethod = method,
            AuthenticationData = method is null ? null : data,
            UserProperties = properties,
        };

    public static readonly Gen<SamplePacket> Connect =
        from version in AnyVersion
        from packet in AnyConnect
        select Write(version == ProtocolVersion.Mqtt5 ? packet : AsOld(packet), version, PacketText.Of, PacketEncoder.Write);

    public static readonly Gen<SamplePacket> ConnAck =
        from numbers in Gen.Select(Maybe(AnyUInt32), Maybe(PositiveUInt16), Maybe(PositiveUInt32), Maybe(AnyUInt16), Maybe(AnyUInt16))
        from quality in Maybe(Gen.OneOf(QualityOfService.AtMostOnce, QualityOfService.AtLeastOnce))
        from flags in Gen.Select(Maybe(Gen.Bool), Maybe(Gen.Bool), Maybe(Gen.Bool), Maybe(Gen.Bool))
        from texts in Gen.Select(Maybe(AnyText), Maybe(Text), Maybe(Text), Maybe(Text), Maybe(Text))
        from data in Maybe(Bytes)
        from properties in UserProperties
        from present in Gen.Bool
        from reason in Gen.OneOf(ReasonCode.Success, ReasonCode.Success, ReasonCode.NotAuthorized, ReasonCode.ConnectionRateExceeded)
        select Write(
            new ConnAckPacket
            {
                Reason = reason,
                SessionPresent = present && reason == ReasonCode.Success,
                SessionExpirySeconds = numbers.Item1,
                ReceiveMaximum = numbers.Item2,
                MaximumPacketSize = numbers.Item3,
                TopicAliasMaximum = numbers.Item4,
                ServerKeepAliveSeconds = numbers.Item5,
                MaximumQualityOfService = quality,
                RetainAvailable = flags.Item1,
                WildcardSubscriptionAvailable = flags.Item2,
                SubscriptionIdentifierAvailable = flags.Item3,
                SharedSubscriptionAvailable = flags.Item4,
                AssignedClientId = texts.Item1,
                ReasonString = texts.Item2,
                ResponseInformation = texts.Item3,
                ServerReference = texts.Item4,
                AuthenticationMethod = texts.Item5,
                AuthenticationData = texts.Item5 is null ? null : data,
                UserProperties = properties,
            },
            ProtocolVersion.Mqtt5,
            PacketText.Of,
            (packet, destination) => PacketEncoder.Write(packet, ProtocolVersion.Mqtt5, destination),
            fromServer: true);

    public static readonly Gen<SamplePacket> OldConnAck =
        from present in Gen.Bool
        from reason in Gen.OneOf(ReasonCode.Success, ReasonCode.NotAuthorized, ReasonCode.ServerUnavailable, ReasonCode.ClientIdentifierNotValid)
        select Write(
            new ConnAckPacket { Reason = reason, SessionPresent = present && reason == ReasonCode.Success },
            ProtocolVersion.Mqtt311,
            PacketText.Of,
            (packet, destination) => PacketEncoder.Write(packet, ProtocolVersion.Mqtt311, destination),
            fromServer: true);

    private static readonly Gen<SubscriptionRequest> Request =
        Gen.Select(AnyText, Quality, Gen.Bool, Gen.Bool, Gen.Byte[0, 2], (filter, quality, local, published, handling)
            => new SubscriptionRequest(filter, quality, local, published, handling));

    public static readonly Gen<SamplePacket> Subscribe =
        from version in AnyVersion
        from id in PacketId
        from requests in Request.Array[1, 4]
        from identifier in Gen.OneOf(Variable, Gen.Const(0u))
        from properties in UserProperties
        select Write(
            version == ProtocolVersion.Mqtt5
                ? new SubscribePacket { PacketId = id, Requests = requests, SubscriptionIdentifier = identifier, UserProperties = properties }
                : new SubscribePacket { PacketId = id, Requests = [.. requests.Select(AsOld)] },
            version,
            PacketText.Of,
            (packet, destination) => PacketEncoder.Write(packet, version, destination));

    public static readonly Gen<SamplePacket> Unsubscribe =
        from version in AnyVersion
        from id in PacketId
        from filters in AnyText.Array[1, 4]
        from properties in UserProperties
        select Write(
            new UnsubscribePacket { PacketId = id, Filters = filters, UserProperties = version == ProtocolVersion.Mqtt5 ? properties : [] },
            version,
            PacketText.Of,
            (packet, destination) => PacketEncoder.Write(packet, version, destination));

    public static readonly Gen<SamplePacket> SubscriptionAck =
        from type in Gen.OneOf(PacketType.SubAck, PacketType.UnsubAck)
        from id in PacketId
        from reasons in Gen.OneOf(ReasonCode.Success, ReasonCode.UnspecifiedError, ReasonCode.TopicFilterInvalid).Array[1, 4]
        from text in Maybe(AnyText)
        from properties in UserProperties
        select Write(
            new SubscriptionAckPacket { Type = type, PacketId = id, Reasons = reasons, ReasonString = text, UserProperties = properties },
            ProtocolVersion.Mqtt5,
            PacketText.Of,
            (packet, destination) => PacketEncoder.Write(packet, ProtocolVersion.Mqtt5, destination),
            fromServer: true);

    public static readonly Gen<SamplePacket> Disconnect =
        from fromServer in Gen.Bool
        from reason in Gen.OneOf(ReasonCode.Success, ReasonCode.QuotaExceeded)
        from expiry in Maybe(AnyUInt32)
        from texts in Gen.Select(Maybe(AnyText), Maybe(Text))
        from properties in UserProperties
        select Write(
            new DisconnectPacket
            {
                Reason = reason,
                SessionExpirySeconds = fromServer ? null : expiry,
                ReasonString = texts.Item1,
                ServerReference = texts.Item2,
                UserProperties = properties,
            },
            ProtocolVersion.Mqtt5,
            PacketText.Of,
            (packet, destination) => PacketEncoder.Write(packet, ProtocolVersion.Mqtt5, destination),
            fromServer);

    public static readonly Gen<SamplePacket> Auth =
        from reason in Gen.OneOf(ReasonCode.Success, ReasonCode.ContinueAuthentication, ReasonCode.Reauthenticate)
        from method in AnyText
        from data in Maybe(Bytes)
        from text in Maybe(Text)
        from properties in UserProperties
        select Write(
            new AuthPacket { Reason = reason, AuthenticationMethod = method, AuthenticationData = data, ReasonString = text, UserProperties = properties },
            ProtocolVersion.Mqtt5,
            PacketText.Of,
            PacketEncoder.Write);

    private static readonly Gen<SamplePacket> Ping =
        Gen.OneOf(PacketType.PingReq, PacketType.PingResp).Select(type
            => Write(type, ProtocolVersion.Mqtt5, _ => "PING ", PacketEncoder.WritePing));

    /// <summary>Any of them.</summary>
    public static readonly Gen<SamplePacket> Any =
        Gen.OneOf(Publish, Ack, Connect, ConnAck, OldConnAck, Subscribe, Unsubscribe, SubscriptionAck, Disconnect, Auth, Ping);

    private static ConnectPacket AsOld(ConnectPacket packet) => new()
    {
        Version = ProtocolVersion.Mqtt311,
        ClientId = packet.ClientId,
        CleanStart = packet.CleanStart,
        KeepAliveSeconds = packet.KeepAliveSeconds,
        SessionExpirySeconds = packet.CleanStart ? 0 : uint.MaxValue,
        UserName = packet.UserName,
        Password = packet.UserName is null ? null : packet.Password,
        Will = packet.Will is null ? null : packet.Will with { DelaySeconds = 0, MessageExpirySeconds = null, Properties = default },
    };

    private static SubscriptionRequest AsOld(SubscriptionRequest request) => new(request.Filter, request.QualityOfService);

    private static SamplePacket WritePublish(in PublishPacket packet, ProtocolVersion version, bool fromServer)
    {
        var bytes = new byte[PacketEncoder.Measure(packet, version)];
        Assert.Equal(bytes.Length, PacketEncoder.Write(packet, version, bytes));
        return new SamplePacket(bytes, PacketText.Of(packet, version), version, fromServer);
    }

    private static SamplePacket WriteAck(AckPacket packet, ProtocolVersion version)
    {
        var buffer = new byte[PacketEncoder.MaximumAckSize];
        var length = PacketEncoder.Write(packet, version, buffer);
        var expected = version == ProtocolVersion.Mqtt5 ? packet : packet with { Reason = ReasonCode.Success };
        return new SamplePacket(buffer[..length], PacketText.Of(expected), version, FromServer: false);
    }

    private static SamplePacket Write<T>(
        T packet, ProtocolVersion version, Func<T, string> render, Action<T, IBufferWriter<byte>> encode, bool fromServer = false)
    {
        var destination = new ArrayBufferWriter<byte>();
        encode(packet, destination);
        return new SamplePacket(destination.WrittenSpan.ToArray(), render(packet), version, fromServer);
    }
}
