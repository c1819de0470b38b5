using System.Text;
using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Operation;

/// <summary>Section 4.13, and 4.8 of 3.1.1: errors. What is wrong with a packet is shown with the packet.</summary>
public sealed class ErrorTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.13.1-1", "4.13.2-1")]
    [Clause(Old, "4.8.0-1")]
    public async Task What_was_sent_before_the_fault_is_processed_and_what_comes_after_is_not(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("+"), Qos1));
        await using var client = await ConnectAsync(version);
        await client.SendAsync(new Message(Topic("a"), "before", Qos1), 1);
        await client.ExpectAckAsync(PacketType.PubAck, 1);
        var topic = Encoding.UTF8.GetBytes(Topic("a"));
        byte[] properties = version == New ? [0] : [];
        byte[] fault = [0x36, 5, 0, 1, (byte)'a', 0, 1];
        byte[] after = [0x30, (byte)(2 + topic.Length + properties.Length), 0, (byte)topic.Length, .. topic, .. properties];
        await client.SendAsync((byte[])[.. fault, .. after]);
        await client.ExpectRefusalAsync(version, ReasonCode.MalformedPacket);
        await subscriber.ExpectAsync(Topic("a"), "before");
        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }

    [Fact]
    [Clause(New, "4.13.1-1")]
    public async Task A_broken_connection_leaves_others_alone()
    {
        await using var witness = await ConnectAsync(New);
        var random = new Random(4_711);
        for (var i = 0; i < 100; i++)
        {
            await using var client = i % 2 == 0 ? await ConnectAsync(New) : await OpenAsync(New);
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            await client.SendAsync(bytes);
            client.Drop();
        }

        await witness.PingAsync();
    }
}
