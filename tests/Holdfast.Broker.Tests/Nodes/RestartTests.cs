using Holdfast.Broker.Tests.Harness;
using Holdfast.Log.State;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class RestartTests
{
    [Fact]
    public async Task A_session_that_returned_and_stayed_longer_than_its_expiry_survives_a_crash()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client", expirySeconds: 60);
        await client.SubscribeAsync("a");
        await client.LoseAsync();
        client = await broker.ConnectAsync("client", expirySeconds: 60);
        Assert.True(client.ConnAck.SessionPresent);
        broker.Time.Advance(TimeSpan.FromMinutes(10));
        await broker.PublishAsync("a", "1");
        await broker.CrashAsync();

        broker.Time.Advance(TimeSpan.FromSeconds(5));
        await broker.PublishAsync("a", "2");
        client = await broker.ConnectAsync("client", expirySeconds: 60);
        Assert.True(client.ConnAck.SessionPresent);
        await client.MessageAsync("1");
        await client.MessageAsync("2");
    }

    [Fact]
    public async Task A_caught_up_session_needs_no_cursor_and_goes_on_after_the_mark()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("a");
        await broker.PublishAsync("a", "confirmed");
        await client.MessageAsync("confirmed");
        await broker.CheckpointAsync();
        Assert.Null((await broker.Stores.FindSessionAsync("client"))!.Cursor);
        await broker.PublishAsync("a", "not confirmed");
        await client.MessageAsync();
        await broker.CrashAsync();
        await broker.PublishAsync("a", "next");
        client = await broker.ConnectAsync("client");
        await client.MessageAsync("not confirmed");
        await client.MessageAsync("next");
    }

    [Fact]
    public async Task What_is_not_confirmed_at_a_checkpoint_is_sent_again_after_a_crash()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("a");
        await broker.PublishAsync("a", "1");
        await broker.PublishAsync("a", "2");
        var first = await client.MessageAsync();
        await client.MessageAsync();
        await broker.CheckpointAsync();
        Assert.NotNull((await broker.Stores.FindSessionAsync("client"))!.Cursor);
        await broker.CrashAsync();
        client = await broker.ConnectAsync("client");
        Assert.Equal("1", first.Payload);
        await client.MessageAsync("1");
        await client.MessageAsync("2");
        await broker.PublishAsync("a", "3");
        await client.MessageAsync("3");
        await broker.CheckpointAsync();
        Assert.Null((await broker.Stores.FindSessionAsync("client"))!.Cursor);
    }

    [Fact]
    public async Task A_session_that_is_behind_has_a_cursor_of_its_own_and_loses_nothing_in_a_crash()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("a");
        client.Output.StopReading();
        for (var number = 0; number < 20; number++)
        {
            await broker.PublishAsync("a", $"{number} {new string('x', 1000)}");
        }

        await broker.CheckpointAsync();
        Assert.NotNull((await broker.Stores.FindSessionAsync("client"))!.Cursor);
        await broker.CrashAsync();
        client = await broker.ConnectAsync("client");
        for (var number = 0; number < 20; number++)
        {
            var message = await client.MessageAsync();
            Assert.StartsWith($"{number} ", message.Payload, StringComparison.Ordinal);
            await client.AnswerAsync(message);
        }
    }

    [Fact]
    public async Task After_a_drain_cursors_are_exact_and_nothing_is_replayed()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("#");
        for (var number = 0; number < 10; number++)
        {
            await broker.PublishAsync(TestBroker.TopicIn(number % 4), $"{number}", QualityOfService.AtLeastOnce);
            await client.MessageAsync($"{number}");
        }

        await client.PingAsync();
        await broker.DrainAsync();
        Assert.Equal(ReasonCode.ServerShuttingDown, await client.DisconnectedByServerAsync());
        long[] end = [.. Enumerable.Range(0, 4).Select(broker.Log.CommittedOffset)];
        Assert.Equal(end, (await broker.Stores.FindSessionAsync("client"))!.Cursor);
        Assert.Equal(end, (await ((ICheckpointStore)broker.State).LoadAsync(TestContext.Current.CancellationToken)).AppliedOffsets);
    }

    [Fact]
    public async Task A_subscription_made_just_before_a_crash_does_not_receive_what_was_published_before_it()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await broker.PublishAsync("a", "before");
        await broker.PublishAsync("elsewhere", "x");
        await client.SubscribeAsync("a");
        await broker.CrashAsync();
        await broker.PublishAsync("a", "after");
        client = await broker.ConnectAsync("client");
        await client.MessageAsync("after");
    }

    [Fact]
    public async Task What_is_published_after_SUBACK_is_delivered_although_the_node_crashes_at_once()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("a");
        await broker.PublishAsync("a", "after");
        await broker.CrashAsync();
        client = await broker.ConnectAsync("client");
        await client.MessageAsync("after");
    }

    /// <summary>A disk that lied: the stores know more of the log than there is.</summary>
    [Fact]
    public async Task What_is_published_after_the_end_of_the_log_was_lost_is_delivered()
    {
        await using var broker = await TestBroker.StartAsync();
        long[] beyond = [100, 100, 100, 100];
        var topic = TestBroker.TopicIn(1);
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync(topic, QualityOfService.ExactlyOnce);
        await broker.PublishAsync(topic, "0");
        await client.MessageAsync("0");
        await broker.PublishAsync(topic, "retained", retain: true);
        await client.MessageAsync("retained");
        await broker.CheckpointAsync();
        var session = (await broker.Stores.FindSessionAsync("client"))!;
        var retained = new List<StoredRetained>();
        await foreach (var one in broker.State.LoadRetainedAsync(TestContext.Current.CancellationToken))
        {
            retained.Add(one with { Offset = 100 });
        }

        await broker.Stores.DieAsync();
        await broker.State.SaveSubscriptionsAsync(session.Id, [.. session.Subscriptions.Select(one => one with { Since = [.. beyond] })], []);
        var exchanges = session.Exchanges!;
        Assert.Equal(4, exchanges[1]);
        for (var partition = 0; partition < 4; partition++)
        {
            exchanges[7 + (partition * 8)] = 100;
        }

        await broker.State.SaveAsync(new CheckpointChanges
        {
            AppliedOffsets = beyond,
            Mark = beyond,
            Retained = retained,
            Sessions = [new SessionProgress(session.Id, beyond, exchanges)],
        });
        await broker.CrashAsync();
        await broker.PublishAsync(topic, "new", retain: true);
        client = await broker.ConnectAsync("client");
        await client.MessageAsync("new");
        var other = await broker.ConnectAsync("other");
        await other.SubscribeAsync(topic);
        await other.MessageAsync("new");
    }

    [Fact]
    public async Task A_sequence_is_known_after_a_restart_whether_it_is_in_the_checkpoint_or_in_the_log()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        await PublishAsync(1);
        await broker.CheckpointAsync();
        await PublishAsync(2);
        await broker.CrashAsync();
        var end = End();
        publisher = await broker.ConnectAsync("publisher");
        await PublishAsync(1);
        await PublishAsync(2);
        Assert.Equal(end, End());
        await PublishAsync(3);
        Assert.Equal(end + 1, End());

        long End() => Enumerable.Range(0, 4).Sum(broker.Log.CommittedOffset);

        async Task PublishAsync(ulong sequence)
            => await publisher.AckFromServerAsync(PacketType.PubAck, await publisher.PublishAsync("devices/d/events/e", "x", sequence: ("s", sequence)));
    }

    [Fact]
    public async Task A_failed_flush_is_fatal_and_acknowledges_nothing()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        broker.Log.NextFlushFails = true;
        await publisher.PublishAsync("a", "1");
        await broker.Fatal.Task.Within();
        await publisher.AssertNothingCameAsync();
    }
}
