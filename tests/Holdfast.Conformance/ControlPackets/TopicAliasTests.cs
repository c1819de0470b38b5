using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.3.2.3.4: Topic Alias.</summary>
public sealed class TopicAliasTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Fact]
    [Clause(New, "3.3.2-9", "3.3.2-12", "3.2.2-17", "3.2.2-18")]
    public async Task A_topic_alias_stands_for_its_topic_up_to_the_servers_maximum()
    {
        await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("+"), Qos0));
        await using var client = await OpenAsync(New);
        var maximum = (await client.ConnectAsync(Clean(New))).TopicAliasMaximum ?? 0;
        if (maximum > 0)
        {
            await client.PublishAsync(new Message(Topic("a"), "set") { TopicAlias = maximum });
            await subscriber.ExpectAsync(Topic("a"), "set");
            await client.PublishAsync(new Message("", "used") { TopicAlias = maximum });
            await subscriber.ExpectAsync(Topic("a"), "used");
            await client.PublishAsync(new Message(Topic("b"), "set anew") { TopicAlias = maximum });
            await subscriber.ExpectAsync(Topic("b"), "set anew");
            await client.PublishAsync(new Message("", "used anew") { TopicAlias = maximum });
            var message = await subscriber.ExpectAsync(Topic("b"), "used anew");
            Assert.Empty(message.Properties);
        }

        await client.SendAsync(new Message(Topic("a"), "x") { TopicAlias = (ushort)(maximum + 1) }, 0);
        await client.ExpectRefusalAsync(New, ReasonCode.TopicAliasInvalid);
    }

    [Fact]
    [Clause(New, "3.3.2-7")]
    public async Task A_topic_alias_that_was_never_set_is_a_protocol_error()
    {
        var session = Kept(New);
        await using (var before = await OpenAsync(New))
        {
            var answer = await before.ConnectAsync(session);
            if (answer.TopicAliasMaximum is null or 0)
            {
                return;
            }

            await before.PublishAsync(new Message(Topic("a"), "x") { TopicAlias = 1 });
            await before.DisconnectAsync(New);
        }

        await using var client = await ConnectAsync(session);
        await client.SendAsync(new Message("", "x") { TopicAlias = 1 }, 0);
        var disconnect = await client.ReceiveDisconnectAsync();
        Assert.True(disconnect.Reason is ReasonCode.ProtocolError or ReasonCode.TopicAliasInvalid);
        await client.ExpectEndAsync();
    }

    [Fact]
    [Clause(New, "3.3.2-8")]
    public Task The_alias_0_is_refused()
        => ExpectFaultAsync(New, "3007 0001 61 03 230000", ReasonCode.TopicAliasInvalid, "alias 0");

    [Fact]
    [Clause(New, "3.3.2-12")]
    public async Task Every_alias_up_to_the_servers_maximum_is_accepted_at_every_quality()
    {
        await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("+"), Qos2));
        await using var client = await OpenAsync(New);
        var maximum = Math.Min((await client.ConnectAsync(Clean(New))).TopicAliasMaximum ?? 0, (ushort)30);
        foreach (var round in new[] { "set", "used" })
        {
            for (ushort alias = 1; alias <= maximum; alias++)
            {
                var message = new Message(round == "set" ? Topic($"{alias}") : "", round, (QualityOfService)(alias % 3)) { TopicAlias = alias };
                await client.PublishAsync(message);
                await subscriber.ExpectAsync(Topic($"{alias}"), round);
            }
        }
    }

    [Fact]
    [Clause(New, "3.1.2-27")]
    public async Task A_client_that_accepts_no_alias_gets_none()
    {
        await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), Qos0));
        await using var publisher = await ConnectAsync(New);
        for (var i = 0; i < 5; i++)
        {
            await publisher.PublishAsync(new Message(Topic("a"), $"{i}"));
            Assert.Equal(0, (await subscriber.ExpectAsync(Topic("a"), $"{i}")).TopicAlias);
        }
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Clause(New, "3.1.2-26", "3.3.2-8", "3.3.2-11")]
    public async Task A_client_gets_aliases_up_to_its_maximum_that_stand_for_the_right_topics(QualityOfService quality)
    {
        await using var subscriber = await ConnectAsync(Clean(New) with { TopicAliasMaximum = 2 });
        await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("+"), quality));
        await using var publisher = await ConnectAsync(New);
        var aliases = new Dictionary<ushort, string>();
        for (var i = 0; i < 20; i++)
        {
            var topic = Topic($"{i % 4}");
            await publisher.PublishAsync(new Message(topic, $"{i}", quality));
            var message = await subscriber.TakeAsync();
            Assert.InRange(message.TopicAlias, 0, 2);
            if (message.Topic.Length > 0 && message.TopicAlias > 0)
            {
                aliases[message.TopicAlias] = message.Topic;
            }

            Assert.Equal((topic, $"{i}"), (message.Topic.Length > 0 ? message.Topic : aliases[message.TopicAlias], message.Payload));
        }
    }

    [Fact]
    [Clause(New, "3.3.2-7")]
    public async Task Aliases_towards_a_client_end_with_its_connection()
    {
        var session = Kept(New) with { TopicAliasMaximum = 5 };
        for (var i = 0; i < 3; i++)
        {
            await using var subscriber = await ConnectAsync(session, sessionPresent: i > 0);
            await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos1));
            await PublishAsync(New, new Message(Topic("a"), $"{i}", Qos1));
            await subscriber.ExpectAsync(Topic("a"), $"{i}");
            await subscriber.DisconnectAsync(New);
        }
    }
}
