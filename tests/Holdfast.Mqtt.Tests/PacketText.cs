using System.Globalization;
using System.Text;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Mqtt.Tests;

/// <summary>Renders the packets of the codec into <see cref="Fields"/>.</summary>
public static class PacketText
{
    public static string Of(in PublishPacket packet, ProtocolVersion version)
    {
        var fields = new Fields("PUBLISH");
        fields.SetBytes("topic", packet.Topic);
        fields.Set("qos", (long)packet.QualityOfService);
        fields.Set("dup", packet.Duplicate);
        fields.Set("retain", packet.Retain);
        fields.Set("id", packet.PacketId);
        fields.SetBytes("payload", packet.Payload);
        if (version == ProtocolVersion.Mqtt5)
        {
            var forwardable = new byte[packet.Properties.Length];
            var length = PropertyFilter.CopyForwardable(packet.Properties, forwardable);
            Assert.Equal(packet.PropertiesNeedFiltering, length != packet.Properties.Length);
            fields.SetBytes("forwarded", forwardable.AsSpan(0, length));
            var read = new Fields("");
            SetExpiry(read, packet.MessageExpirySeconds);
            if (packet.TopicAlias != 0)
            {
                read.Set("alias", packet.TopicAlias);
            }

            // A received packet has its subscription identifiers among the properties, one to be written has them apart.
            foreach (var identifier in PropertyFilter.GetSubscriptionIdentifiers(packet.Properties).Concat(packet.SubscriptionIdentifiers.ToArray()))
            {
                read.Append("subscription", identifier.ToString(CultureInfo.InvariantCulture));
            }

            AppendForwardable(read, packet.Properties);
            fields.Append("properties", read.ToString());
        }

        return fields.ToString();
    }

    public static string Of(AckPacket packet)
    {
        var fields = new Fields("ACK" + (int)packet.Type);
        fields.Set("id", packet.PacketId);
        fields.Set("reason", (long)packet.Reason);
        return fields.ToString();
    }

    public static string Of(ConnectPacket packet)
    {
        var fields = new Fields("CONNECT");
        fields.Set("version", (long)packet.Version);
        fields.Set("clean", packet.CleanStart);
        fields.Set("keepAlive", packet.KeepAliveSeconds);
        fields.Set("sessionExpiry", packet.SessionExpirySeconds);
        fields.Set("receiveMaximum", packet.ReceiveMaximum);
        fields.Set("maximumPacketSize", packet.MaximumPacketSize);
        fields.Set("aliasMaximum", packet.TopicAliasMaximum);
        fields.Set("responseInformationWanted", packet.RequestResponseInformation);
        fields.Set("problemInformation", packet.RequestProblemInformation);
        fields.SetText("method", packet.AuthenticationMethod);
        SetBytes(fields, "data", packet.AuthenticationData);
        AppendUserProperties(fields, packet.UserProperties);
        fields.SetText("client", packet.ClientId);
        fields.SetText("user name", packet.UserName);
        SetBytes(fields, "password", packet.Password);
        if (packet.Will is { } will)
        {
            fields.SetText("will.topic", will.Topic);
            fields.SetBytes("will.payload", will.Payload.Span);
            fields.Set("will.qos", (long)will.QualityOfService);
            fields.Set("will.retain", will.Retain);
            fields.Set("will.delay", 0);
            fields.SetBytes("will.forwarded", will.Properties.Span);
            var read = new Fields("");
            read.Set("delay", will.DelaySeconds);
            SetExpiry(read, will.MessageExpirySeconds);
            AppendForwardable(read, will.Properties.Span);
            fields.Append("will.properties", read.ToString());
        }

        return fields.ToString();
    }

    public static string Of(ConnAckPacket packet)
    {
        var fields = new Fields("CONNACK");
        fields.Set("present", packet.SessionPresent);
        fields.Set("reason", (long)packet.Reason);
        SetNumber(fields, "sessionExpiry", packet.SessionExpirySeconds);
        SetNumber(fields, "receiveMaximum", packet.ReceiveMaximum);
        SetNumber(fields, "maximumQos", (long?)packet.MaximumQualityOfService);
        SetFlag(fields, "retainAvailable", packet.RetainAvailable);
        SetNumber(fields, "maximumPacketSize", packet.MaximumPacketSize);
        fields.SetText("assigned", packet.AssignedClientId);
        SetNumber(fields, "aliasMaximum", packet.TopicAliasMaximum);
        fields.SetText("reasonString", packet.ReasonString);
        SetFlag(fields, "wildcards", packet.WildcardSubscriptionAvailable);
        SetFlag(fields, "subscriptionIdentifiers", packet.SubscriptionIdentifierAvailable);
        SetFlag(fields, "shared", packet.SharedSubscriptionAvailable);
        SetNumber(fields, "serverKeepAlive", packet.ServerKeepAliveSeconds);
        fields.SetText("responseInformation", packet.ResponseInformation);
        fields.SetText("reference", packet.ServerReference);
        fields.SetText("method", packet.AuthenticationMethod);
        SetBytes(fields, "data", packet.AuthenticationData);
        AppendUserProperties(fields, packet.UserProperties);
        return fields.ToString();
    }

    public static string Of(SubscribePacket packet)
    {
        var fields = new Fields("SUBSCRIBE");
        fields.Set("id", packet.PacketId);
        if (packet.SubscriptionIdentifier != 0)
        {
            fields.Append("subscription", packet.SubscriptionIdentifier.ToString(CultureInfo.InvariantCulture));
        }

        AppendUserProperties(fields, packet.UserProperties);
        foreach (var request in packet.Requests)
        {
            var options = (int)request.QualityOfService
                + (request.NoLocal ? 4 : 0) + (request.RetainAsPublished ? 8 : 0) + (request.RetainHandling * 16);
            fields.Append("requests", Convert.ToHexString(Encoding.UTF8.GetBytes(request.Filter)) + " " + options);
        }

        return fields.ToString();
    }

    public static string Of(UnsubscribePacket packet)
    {
        var fields = new Fields("UNSUBSCRIBE");
        fields.Set("id", packet.PacketId);
        AppendUserProperties(fields, packet.UserProperties);
        foreach (var filter in packet.Filters)
        {
            fields.Append("filters", Convert.ToHexString(Encoding.UTF8.GetBytes(filter)));
        }

        return fields.ToString();
    }

    public static string Of(SubscriptionAckPacket packet)
    {
        var fields = new Fields(packet.Type == PacketType.SubAck ? "SUBACK" : "UNSUBACK");
        fields.Set("id", packet.PacketId);
        fields.SetText("reasonString", packet.ReasonString);
        AppendUserProperties(fields, packet.UserProperties);
        foreach (var reason in packet.Reasons)
        {
            fields.Append("reasons", ((byte)reason).ToString("X2", CultureInfo.InvariantCulture));
        }

        return fields.ToString();
    }

    public static string Of(DisconnectPacket packet)
    {
        var fields = new Fields("DISCONNECT");
        fields.Set("reason", (long)packet.Reason);
        SetNumber(fields, "sessionExpiry", packet.SessionExpirySeconds);
        fields.SetText("reasonString", packet.ReasonString);
        fields.SetText("reference", packet.ServerReference);
        AppendUserProperties(fields, packet.UserProperties);
        return fields.ToString();
    }

    public static string Of(AuthPacket packet)
    {
        var fields = new Fields("AUTH");
        fields.Set("reason", (long)packet.Reason);
        fields.SetText("method", packet.AuthenticationMethod);
        SetBytes(fields, "data", packet.AuthenticationData);
        fields.SetText("reasonString", packet.ReasonString);
        AppendUserProperties(fields, packet.UserProperties);
        return fields.ToString();
    }

    private static void AppendForwardable(Fields fields, ReadOnlySpan<byte> properties)
    {
        if (PropertyFilter.TryGetNumber(properties, 1, out var format))
        {
            fields.Set("format", format);
        }

        foreach (var (identifier, name) in new (byte, string)[] { (3, "contentType"), (8, "responseTopic"), (9, "correlation") })
        {
            if (PropertyFilter.TryGetBytes(properties, identifier, out var value))
            {
                fields.SetBytes(name, value);
            }
        }

        AppendUserProperties(fields, PropertyFilter.GetUserProperties(properties));
    }

    private static void AppendUserProperties(Fields fields, IReadOnlyList<UserProperty> properties)
    {
        foreach (var property in properties)
        {
            fields.AppendPair("user", Encoding.UTF8.GetBytes(property.Name), Encoding.UTF8.GetBytes(property.Value));
        }
    }

    private static void SetExpiry(Fields fields, uint? seconds) => SetNumber(fields, "expiry", seconds);

    private static void SetNumber(Fields fields, string name, long? value)
    {
        if (value is { } given)
        {
            fields.Set(name, given);
        }
    }

    private static void SetFlag(Fields fields, string name, bool? value)
    {
        if (value is { } given)
        {
            fields.Set(name, given);
        }
    }

    private static void SetBytes(Fields fields, string name, ReadOnlyMemory<byte>? value)
    {
        if (value is { } given)
        {
            fields.SetBytes(name, given.Span);
        }
    }
}
