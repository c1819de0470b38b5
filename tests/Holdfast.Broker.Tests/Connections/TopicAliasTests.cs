using System.Text;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Connections;

/// <summary>Topic aliases in both directions.</summary>
public sealed class TopicAliasTests
{
    [Fact]
    public async Task A_client_may_name_a_topic_once_and_use_its_alias_then()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("#");
        var publisher = await broker.ConnectAsync("publisher");
        Assert.Equal((ushort)64, publisher.ConnAck.TopicAliasMaximum);
        foreach (var (topic, alias, payload) in (IEnumerable<(string, ushort, string)>)[("a/b", 1, "1"), ("", 1, "2"), ("c", 64, "3"), ("", 64, "4"), ("d", 1, "5"), ("", 1, "6"), ("", 64, "7")])
        {
            await publisher.SendAsync(Publish(topic, alias, payload, QualityOfService.AtMostOnce));
        }

        await publisher.SendAsync(Publish("", 1, "8", QualityOfService.AtLeastOnce, 1));
        string[] expected = ["a/b=1", "a/b=2", "c=3", "c=4", "d=5", "d=6", "c=7", "d=8"];
        foreach (var one in expected)
        {
            var message = await subscriber.MessageAsync();
            Assert.Equal((one, (ushort)0), ($"{message.Topic}={message.Payload}", message.TopicAlias));
        }
    }

    [Fact]
    public async Task An_alias_that_was_not_set_on_this_connection_is_a_protocol_error()
    {
        await using var broker = await TestBroker.StartAsync();
        var before = await broker.ConnectAsync("client");
        await before.SendAsync(Publish("a", 1, "", QualityOfService.AtMostOnce));
        await before.LoseAsync();
        var after = await broker.ConnectAsync("client");
        await after.SendAsync(Publish("", 1, "", QualityOfService.AtMostOnce));
        Assert.Equal(ReasonCode.ProtocolError, await after.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task Alias_0_and_one_above_the_maximum_are_invalid()
    {
        await using var broker = await TestBroker.StartAsync();
        var above = await broker.ConnectAsync("above");
        await above.SendAsync(Publish("a", 65, "", QualityOfService.AtMostOnce));
        Assert.Equal(ReasonCode.TopicAliasInvalid, await above.DisconnectedByServerAsync());
        var zero = await broker.ConnectAsync("zero");
        await zero.SendAsync([0x30, 7, 0, 1, (byte)'a', 3, 35, 0, 0]);
        Assert.Equal(ReasonCode.TopicAliasInvalid, await zero.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task The_names_of_a_connections_aliases_are_bounded()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SendAsync(Publish(new string('a', 60_000), 1, "", QualityOfService.AtMostOnce));
        await client.SendAsync(Publish(new string('b', 60_000), 2, "", QualityOfService.AtMostOnce));

        // In the place of another it counts once.
        await client.SendAsync(Publish(new string('c', 60_000), 2, "", QualityOfService.AtMostOnce));
        await client.AssertNothingCameAsync();
        await client.SendAsync(Publish(new string('d', 60_000), 3, "", QualityOfService.AtMostOnce));
        Assert.Equal(ReasonCode.QuotaExceeded, await client.DisconnectedByServerAsync());
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task The_second_message_of_a_topic_comes_by_its_alias(QualityOfService qualityOfService)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await SubscriberAsync(broker, aliases: 2);
        var publisher = await broker.ConnectAsync("publisher");
        (string Topic, string Sent, ushort Alias)[] messages =
        [
            ("topic/1", "topic/1", 1), ("topic/1", "", 1), ("topic/2", "topic/2", 2), ("topic/1", "", 1),

            // The one that was used the longest time ago gives way.
            ("topic/3", "topic/3", 2), ("topic/3", "", 2), ("topic/1", "", 1), ("topic/2", "topic/2", 2),
            ("abc", "abc", 0),
        ];
        foreach (var (topic, sent, alias) in messages)
        {
            await publisher.PublishAsync(topic, "", qualityOfService);
            var message = await subscriber.MessageAsync();
            Assert.Equal((sent, alias), (message.Topic, message.TopicAlias));
            await subscriber.AnswerAsync(message);
        }
    }

    [Fact]
    public async Task A_message_that_is_sent_again_on_another_connection_has_its_topic()
    {
        await using var broker = await TestBroker.StartAsync();
        var before = await SubscriberAsync(broker, aliases: 10);
        await broker.PublishAsync("topic/1", "1");
        await broker.PublishAsync("topic/1", "2");
        Assert.Equal("topic/1", (await before.MessageAsync()).Topic);
        Assert.Equal("", (await before.MessageAsync()).Topic);
        await before.LoseAsync();
        var after = await broker.ConnectAsync("subscriber", with: packet => packet with { TopicAliasMaximum = 10 });
        var first = await after.MessageAsync();
        Assert.Equal(("topic/1", (ushort)1, true), (first.Topic, first.TopicAlias, first.Duplicate));
        Assert.Equal("", (await after.MessageAsync()).Topic);
    }

    [Fact]
    public async Task An_alias_does_not_make_a_message_larger_than_the_client_accepts()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await SubscriberAsync(broker, aliases: 10, maximumPacketSize: 60);
        var publisher = await broker.ConnectAsync("publisher");

        // 2 + 2 + 7 + 2 + 1 bytes around the payload at QoS 1.
        await publisher.PublishAsync("topic/1", new string('x', 46));
        var message = await subscriber.MessageAsync();
        Assert.Equal(("topic/1", (ushort)0), (message.Topic, message.TopicAlias));
        await publisher.PublishAsync("topic/1", new string('x', 41));
        Assert.Equal(1, (await subscriber.MessageAsync()).TopicAlias);
    }

    [Fact]
    public async Task Messages_of_many_publishers_and_the_log_are_all_under_the_right_topic()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await SubscriberAsync(broker, aliases: 3);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(number => Task.Run(async () =>
        {
            var publisher = await broker.ConnectAsync($"publisher {number}");
            for (var count = 0; count < 200; count++)
            {
                var topic = $"topic/{number}/{count % 5}";
                await publisher.PublishAsync(topic, topic, count % 2 == 0 ? QualityOfService.AtMostOnce : QualityOfService.AtLeastOnce);
            }
        })));
        var topics = new string[4];
        for (var count = 0; count < 800; count++)
        {
            var message = await subscriber.MessageAsync();
            if (message.Topic.Length > 0)
            {
                topics[message.TopicAlias] = message.Topic;
            }

            Assert.Equal(message.Payload, topics[message.TopicAlias]);
            await subscriber.AnswerAsync(message);
        }
    }

    private static async Task<TestClient> SubscriberAsync(TestBroker broker, ushort aliases, uint maximumPacketSize = uint.MaxValue)
    {
        var subscriber = await broker.ConnectAsync(
            "subscriber", with: packet => packet with { TopicAliasMaximum = aliases, MaximumPacketSize = maximumPacketSize });
        await subscriber.SubscribeAsync("#", QualityOfService.ExactlyOnce);
        return subscriber;
    }

    private static byte[] Publish(string topic, ushort alias, string payload, QualityOfService qualityOfService, ushort packetId = 0)
    {
        var packet = new PublishPacket
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            TopicAlias = alias,
            Payload = Encoding.UTF8.GetBytes(payload),
            QualityOfService = qualityOfService,
            PacketId = packetId,
        };
        var bytes = new byte[PacketEncoder.Measure(packet, ProtocolVersion.Mqtt5)];
        PacketEncoder.Write(packet, ProtocolVersion.Mqtt5, bytes);
        return bytes;
    }
}
