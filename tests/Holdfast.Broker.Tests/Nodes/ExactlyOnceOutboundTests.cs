using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

/// <summary>QoS 2 towards a subscriber: its packet identifier and its PUBREC are on disk before the next step, so that nothing repeats as new.</summary>
public sealed class ExactlyOnceOutboundTests
{
    public static TheoryData<Interruption, int> Interruptions()
    {
        var data = new TheoryData<Interruption, int>();
        foreach (var interruption in Harness.Interruptions.All)
        {
            for (var step = 0; step < 3; step++)
            {
                data.Add(interruption, step);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Interruptions))]
    public async Task A_message_keeps_its_packet_identifier_and_is_completed_once_whatever_interrupts_it(Interruption interruption, int atStep)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce, retainAsPublished: true);
        await broker.PublishAsync("a", "1", retain: true);
        var message = await subscriber.MessageAsync();
        Assert.Equal(("1", false, true), (message.Payload, message.Duplicate, message.Retain));
        if (atStep == 0)
        {
            subscriber = await InterruptAsync(broker, subscriber, interruption);
            var again = await subscriber.MessageAsync();
            Assert.Equal(("1", message.PacketId, true, true), (again.Payload, again.PacketId, again.Duplicate, again.Retain));
        }

        await subscriber.SendAckAsync(PacketType.PubRec, message.PacketId);
        await subscriber.AckFromServerAsync(PacketType.PubRel, message.PacketId);
        if (atStep == 1)
        {
            subscriber = await InterruptAsync(broker, subscriber, interruption);
            var release = await subscriber.NextAsync();
            Assert.Equal((PacketType.PubRel, message.PacketId), (release.Type, release.PacketId));
        }

        await subscriber.SendAckAsync(PacketType.PubComp, message.PacketId);
        if (atStep == 2)
        {
            // PUBCOMP is not acknowledged by anything: a commit behind it shows that it has arrived.
            await broker.PublishAsync("elsewhere", "x");
            subscriber = await InterruptAsync(broker, subscriber, interruption);
        }

        await broker.PublishAsync("a", "2");
        var next = await subscriber.MessageAsync("2");
        Assert.False(next.Duplicate);
        await subscriber.AssertNothingCameAsync();
    }

    [Fact]
    public async Task Neither_the_message_nor_the_release_is_sent_before_its_record_is_committed()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Log.Gate.Close();
        var publishing = broker.PublishAsync("a", "1");
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        broker.Log.Gate.LetOneGo();
        await publishing;

        // The second commit is the packet identifier's.
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await subscriber.AssertNothingCameAsync();
        broker.Log.Gate.LetOneGo();
        var message = await subscriber.MessageAsync();

        await subscriber.SendAckAsync(PacketType.PubRec, message.PacketId);
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await subscriber.AssertNothingCameAsync();
        broker.Log.Gate.Open();
        await subscriber.AckFromServerAsync(PacketType.PubRel, message.PacketId);
    }

    [Fact]
    public async Task A_crash_before_the_packet_identifier_is_committed_sends_the_message_once()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Log.Gate.Close();
        var publishing = broker.PublishAsync("a", "1");
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        broker.Log.Gate.LetOneGo();
        await publishing;
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await broker.CrashAsync();

        subscriber = await broker.ConnectAsync("subscriber");
        var message = await subscriber.MessageAsync("1");
        Assert.False(message.Duplicate);
        await subscriber.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_crash_before_PUBREC_is_committed_lets_the_client_repeat_it()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await broker.PublishAsync("a", "1");
        var message = await subscriber.MessageAsync();
        broker.Log.Gate.Close();
        await subscriber.SendAckAsync(PacketType.PubRec, message.PacketId);
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await broker.CrashAsync();

        subscriber = await broker.ConnectAsync("subscriber");
        var again = await subscriber.MessageAsync("1");
        Assert.Equal((message.PacketId, true), (again.PacketId, again.Duplicate));
        await subscriber.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_message_that_the_client_refuses_is_done()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber", with: packet => packet with { ReceiveMaximum = 1 });
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await broker.PublishAsync("a", "1");
        await broker.PublishAsync("a", "2");
        var message = await subscriber.MessageAsync();
        await subscriber.SendAckAsync(PacketType.PubRec, message.PacketId, ReasonCode.QuotaExceeded);
        await subscriber.MessageAsync("2");
    }

    /// <summary>After a restart the cursor stands at the first message that is not complete, and the log is read from there.</summary>
    [Fact]
    public async Task What_is_complete_does_not_come_again_to_a_session_that_is_to_be_kept_no_longer()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await broker.PublishAsync("a", "1");
        await broker.PublishAsync("a", "2");
        var first = await subscriber.MessageAsync();
        await subscriber.MessageAsync("2");
        await broker.CrashAsync();

        var again = await broker.ConnectAsync("subscriber", expirySeconds: 0);
        Assert.True(again.ConnAck.SessionPresent);
        var repeated = await again.TakeAsync(PacketType.Publish);
        await again.AnswerAsync(repeated);
        await broker.PublishAsync("a", "3");
        var next = await again.TakeAsync(PacketType.Publish);

        Assert.Equal(("1", first.PacketId, true, "3"), (repeated.Payload, repeated.PacketId, repeated.Duplicate, next.Payload));
    }

    [Fact]
    public async Task A_PUBREC_for_nothing_is_answered_with_its_reason()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SendAckAsync(PacketType.PubRec, 9);
        Assert.Equal(ReasonCode.PacketIdentifierNotFound, (await subscriber.AckFromServerAsync(PacketType.PubRel, 9)).Reason);
    }

    /// <summary>Publishers and a crashing node: every message arrives once and in the order of its topic.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Everything_arrives_once_and_in_order_through_seeded_interruptions(int seed)
    {
        var random = new Random(seed);
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber", with: packet => packet with { ReceiveMaximum = 5 });
        await subscriber.SubscribeAsync("#", QualityOfService.ExactlyOnce);
        var client = new ReceivingClient();
        var published = new int[4];
        for (var step = 0; step < 60; step++)
        {
            switch (random.Next(6))
            {
                case 0:
                    subscriber = await InterruptAsync(broker, subscriber, (Interruption)random.Next(1, 5), 5);
                    break;
                case <= 3:
                    var partition = random.Next(4);
                    await broker.PublishAsync(TestBroker.TopicIn(partition), $"{partition}:{++published[partition]}");
                    break;
                default:
                    await client.ReceiveAsync(subscriber, random.Next(4));
                    break;
            }
        }

        while (client.Received.Count < published.Sum())
        {
            await client.ReceiveAsync(subscriber, await subscriber.NextAsync());
        }

        for (var partition = 0; partition < 4; partition++)
        {
            Assert.Equal(
                Enumerable.Range(1, published[partition]).Select(number => $"{partition}:{number}"),
                client.Received.Where(payload => payload.StartsWith($"{partition}:", StringComparison.Ordinal)));
        }
    }

    private static async Task<TestClient> InterruptAsync(TestBroker broker, TestClient client, Interruption interruption, ushort receiveMaximum = ushort.MaxValue)
    {
        await broker.InterruptAsync(client, interruption);
        return await broker.ConnectAsync("subscriber", with: packet => packet with { ReceiveMaximum = receiveMaximum });
    }
}
