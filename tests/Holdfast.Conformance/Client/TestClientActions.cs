using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Client;

/// <summary>What tests do all the time: a request and its answer.</summary>
public static class TestClientActions
{
    /// <summary>Sends CONNECT; the first packet that comes must be the CONNACK [MQTT-3.2.0-1].</summary>
    public static async Task<ConnAckPacket> ConnectAsync(this TestClient client, ConnectPacket packet)
    {
        client.MaximumPacketSize = packet.MaximumPacketSize;
        await client.SendAsync(destination => PacketEncoder.Write(packet, destination));
        var answer = await client.ReceiveConnAckAsync();
        Assert.Equal(0, client.SetAside);
        return answer;
    }

    /// <summary>Subscribes and asserts that everything was granted as asked.</summary>
    public static async Task SubscribeAsync(this TestClient client, ProtocolVersion version, params SubscriptionRequest[] requests)
    {
        var answer = await client.SubscribeAsync(version, new SubscribePacket { PacketId = client.NextPacketId(), Requests = requests });
        Assert.Equal(requests.Select(request => (ReasonCode)request.QualityOfService), answer.Reasons);
    }

    /// <summary>Sends SUBSCRIBE with packet identifier 1 and leaves the answer to the test.</summary>
    public static Task SendSubscribeAsync(this TestClient client, ProtocolVersion version, params SubscriptionRequest[] requests)
        => client.SendAsync(destination => PacketEncoder.Write(new SubscribePacket { PacketId = 1, Requests = requests }, version, destination));

    /// <summary>Subscribes; the answer must bear the packet identifier [MQTT-3.8.4-2].</summary>
    public static async Task<SubscriptionAckPacket> SubscribeAsync(this TestClient client, ProtocolVersion version, SubscribePacket packet)
    {
        await client.SendAsync(destination => PacketEncoder.Write(packet, version, destination));
        var answer = await client.ReceiveSubscriptionAckAsync(PacketType.SubAck);
        Assert.Equal(packet.PacketId, answer.PacketId);
        return answer;
    }

    /// <summary>Unsubscribes; the answer must bear the packet identifier [MQTT-3.10.4-4].</summary>
    public static async Task<SubscriptionAckPacket> UnsubscribeAsync(this TestClient client, ProtocolVersion version, params string[] filters)
    {
        var packet = new UnsubscribePacket { PacketId = client.NextPacketId(), Filters = filters };
        await client.SendAsync(destination => PacketEncoder.Write(packet, version, destination));
        var answer = await client.ReceiveSubscriptionAckAsync(PacketType.UnsubAck);
        Assert.Equal(packet.PacketId, answer.PacketId);
        return answer;
    }

    /// <summary>Publishes and plays the sender's part to its end.</summary>
    public static async Task PublishAsync(this TestClient client, Message message)
    {
        var packetId = client.NextPacketId();
        await client.SendAsync(message, packetId);
        if (message.Quality == QualityOfService.AtLeastOnce)
        {
            await client.ExpectAckAsync(PacketType.PubAck, packetId);
        }
        else if (message.Quality == QualityOfService.ExactlyOnce)
        {
            await client.ExpectAckAsync(PacketType.PubRec, packetId);
            await client.SendAsync(PacketType.PubRel, packetId);
            await client.ExpectAckAsync(PacketType.PubComp, packetId);
        }
    }

    /// <summary>The acknowledgement must bear the packet identifier [MQTT-2.2.1-5] and no error.</summary>
    public static async Task ExpectAckAsync(this TestClient client, PacketType type, ushort packetId)
    {
        var ack = await client.ReceiveAckAsync(type);
        Assert.Equal(packetId, ack.PacketId);
        Assert.True(ack.Reason < ReasonCode.UnspecifiedError, $"{type} says {ack.Reason}.");
    }

    /// <summary>Receives a message and plays the receiver's part to its end.</summary>
    public static async Task<ReceivedPublish> TakeAsync(this TestClient client)
    {
        var message = await client.ReceivePublishAsync();
        if (message.Quality == QualityOfService.AtLeastOnce)
        {
            await client.SendAsync(PacketType.PubAck, message.PacketId);
        }
        else if (message.Quality == QualityOfService.ExactlyOnce)
        {
            await client.SendAsync(PacketType.PubRec, message.PacketId);
            await client.ExpectAckAsync(PacketType.PubRel, message.PacketId);
            await client.SendAsync(PacketType.PubComp, message.PacketId);
        }

        return message;
    }

    /// <summary>Receives a message and asserts what it says.</summary>
    public static async Task<ReceivedPublish> ExpectAsync(this TestClient client, string topic, string payload)
    {
        var message = await client.TakeAsync();
        Assert.Equal((topic, payload), (message.Topic, message.Payload));
        return message;
    }

    /// <summary>Waits until the broker has answered everything that was sent before [MQTT-3.12.4-1].</summary>
    public static async Task PingAsync(this TestClient client)
    {
        await client.SendAsync(destination => PacketEncoder.WritePing(PacketType.PingReq, destination));
        var answer = await client.ReceiveAsync(PacketType.PingResp);
        Assert.Empty(answer.Body);
    }

    /// <summary>Ends the session's connection in good order; the broker must close the network connection.</summary>
    public static async Task DisconnectAsync(this TestClient client, ProtocolVersion version, DisconnectPacket? packet = null)
    {
        await client.SendAsync(destination => PacketEncoder.Write(packet ?? new DisconnectPacket(), version, destination));
        await client.ExpectEndAsync();
    }

    /// <summary>Sends bytes that are written in hexadecimal, with spaces where they help.</summary>
    public static Task SendHexAsync(this TestClient client, string hex)
        => client.SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    /// <summary>
    /// The broker must end the connection for an error. Holdfast tells MQTT 5 the reason first; other brokers need not, but what they tell
    /// must be an error. After a DISCONNECT nothing comes any more [MQTT-3.14.4-1] [MQTT-3.14.4-2].
    /// </summary>
    public static async Task ExpectRefusalAsync(this TestClient client, ProtocolVersion version, ReasonCode reason, string what = "")
    {
        if (TargetBroker.IsForeign)
        {
            await (version == ProtocolVersion.Mqtt5 ? client.ExpectErrorAsync(what) : client.ExpectClosedAsync());
            return;
        }

        if (version != ProtocolVersion.Mqtt5)
        {
            await client.ExpectEndAsync();
            return;
        }

        var packet = await client.ReceiveDisconnectAsync();
        Assert.True(reason == packet.Reason, $"{what}: {packet.Reason}, {packet.ReasonString}");
        Assert.Null(await client.ReceiveAnyAsync());
    }

    /// <summary>The connection must end; a DISCONNECT that comes before must tell an error, and be the last packet.</summary>
    public static async Task ExpectErrorAsync(this TestClient client, string what)
    {
        ReceivedPacket? packet;
        do
        {
            packet = await client.ReceiveAnyAsync();
        }
        while (packet?.Type == PacketType.Publish);

        if (packet is not null)
        {
            Assert.True(packet.Type == PacketType.Disconnect, $"{what}: {packet}");
            Assert.True(TestClient.DecodeDisconnect(packet).Reason >= ReasonCode.UnspecifiedError, $"{what}: {packet}");
            Assert.Null(await client.ReceiveAnyAsync());
        }
    }
}
