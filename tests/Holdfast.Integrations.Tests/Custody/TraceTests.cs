using Holdfast.Broker.Custody;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Log.Attempts;

namespace Holdfast.Integrations.Tests.Custody;

public sealed class TraceTests
{
    [Fact]
    public async Task A_trace_tells_who_published_where_it_lies_and_every_attempt()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await CustodyScene.StartAsync();
        var failures = 2;
        receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = failures-- > 0 ? 503 : 204;
            return Task.CompletedTask;
        };
        await custody.Scene.AddAsync(receiver.Url);
        await custody.Scene.AddAsync(receiver.Url, "other", "devices/other/#");
        var id = await custody.PublishAsync("a", 7);
        for (var failure = 1; failure <= 2; failure++)
        {
            await custody.Scene.UntilAsync(status => status.FailedAttempts == failure);
            custody.Scene.Time.Advance(await custody.Scene.NextRetryAsync());
        }

        await custody.Scene.UntilAsync(status => status.Delivered == 1);
        var trace = await custody.TraceAsync(id);

        Assert.Equal(("a", "x", 1), (trace.Device, trace.Name, trace.PayloadBytes));
        Assert.Equal(("tester", "s1", 7UL, 1), (trace.Published.ClientId, trace.Published.Stream, trace.Published.Sequence!.Value, trace.Published.QualityOfService));
        Assert.Equal((custody.Scene.Time.Start, 0L, 7L, "segment files", "On disk."),
            (trace.Committed.ReceivedAt, trace.Committed.Offset, trace.Committed.Epoch, trace.Committed.Store, trace.Committed.Durability));
        var delivery = Assert.Single(trace.Deliveries);
        Assert.Equal(("hook", "webhook", Outcomes.Delivered, 3), (delivery.Integration, delivery.Kind, delivery.Outcome, delivery.AttemptCount));
        Assert.Equal([("failed", 503), ("failed", 503), ("delivered", 204)], delivery.Attempts.Select(attempt => (attempt.Result, attempt.Status)));
        Assert.Equal(["HTTP 503 Service Unavailable", "HTTP 503 Service Unavailable", ""], delivery.Attempts.Select(attempt => attempt.Error));
        Assert.Equal((custody.Scene.Time.GetUtcNow() - custody.Scene.Time.Start).TotalSeconds, delivery.DelaySeconds!.Value, 0.01);
        Assert.Equal("client", Assert.Single(trace.Sessions).ClientId);
    }

    [Fact]
    public async Task What_is_not_delivered_yet_waits_and_what_was_refused_is_a_dead_letter()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await CustodyScene.StartAsync();
        receiver.Answer = (received, context) =>
        {
            context.Response.StatusCode = received.Text == "bad" ? 410 : 500;
            return Task.CompletedTask;
        };
        await custody.Scene.AddAsync(receiver.Url);
        var bad = await custody.PublishAsync("a", 1, "bad");
        var waiting = await custody.PublishAsync("b", 1);
        await custody.Scene.UntilAsync(status => status.DeadLettered == 1 && status.FailedAttempts == 1);

        Assert.Equal(Outcomes.DeadLetter, Assert.Single((await custody.TraceAsync(bad)).Deliveries).Outcome);
        var delivery = Assert.Single((await custody.TraceAsync(waiting)).Deliveries);
        Assert.Equal((Outcomes.Waiting, 1, null), (delivery.Outcome, delivery.AttemptCount, delivery.At));
    }

    [Fact]
    public async Task A_replay_delivers_for_the_integration_that_it_replays()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await CustodyScene.StartAsync();
        var status = 410;
        receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        await custody.Scene.AddAsync(receiver.Url);
        var id = await custody.PublishAsync("a", 1);
        await custody.Scene.UntilAsync(one => one.DeadLettered == 1);
        status = 200;
        await custody.Scene.Service.Deliveries.ReplayAsync("p", "hook", new ReplayRequest { Name = "again", DeadLetters = true }, Deadline.Token);
        await custody.Scene.UntilAsync(one => one.Delivered == 1, "again");

        var delivery = Assert.Single((await custody.TraceAsync(id)).Deliveries);

        Assert.Equal(("hook", Outcomes.Delivered), (delivery.Integration, delivery.Outcome));
        Assert.Equal([("deadLettered", null), ("delivered", "again")], delivery.Attempts.Select(attempt => (attempt.Result, attempt.Replay)));
    }

    [Fact]
    public async Task Attempts_of_an_integration_that_was_removed_are_still_told()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await CustodyScene.StartAsync();
        await custody.Scene.AddAsync(receiver.Url);
        var id = await custody.PublishAsync("a", 1);
        await custody.Scene.UntilAsync(status => status.Delivered == 1);
        await custody.Scene.Service.RemoveAsync("p", "hook", Deadline.Token);

        var delivery = Assert.Single((await custody.TraceAsync(id)).Deliveries);

        Assert.Equal(("hook", null, Outcomes.Delivered), (delivery.Integration, delivery.Kind, delivery.Outcome));
    }

    [Fact]
    public async Task Nobody_else_s_event_and_no_invented_one_is_traced()
    {
        await using var custody = await CustodyScene.StartAsync();
        var id = await custody.PublishAsync("a", 1);

        Assert.Null(await custody.Custody.TraceAsync("q", id, Deadline.Token));
        Assert.Null(await custody.Custody.TraceAsync("p", id[..^1] + "1", Deadline.Token));
        Assert.Null(await custody.Custody.TraceAsync("p", "none", Deadline.Token));
    }

    [Fact]
    public async Task A_cursor_is_saved_only_after_the_journal_was_flushed()
    {
        await using var receiver = await Receiver.StartAsync();
        ObservedStore? observed = null;
        await using var custody = await CustodyScene.StartAsync(store => observed = new ObservedStore(store));
        await custody.Scene.AddAsync(receiver.Url);
        observed!.Look = async () => (await custody.Scene.Store.CursorAsync("hook")).Sum();
        await custody.PublishAsync("a", 1);
        await custody.Scene.UntilAsync(status => status.Delivered == 1);

        await custody.Scene.Service.StopAsync();

        Assert.Equal(1, (await custody.Scene.Store.CursorAsync("hook")).Sum());
        Assert.Contains(0L, observed.CursorAtFlush);
    }

    /// <summary>A store that looks at something whenever it is flushed.</summary>
    private sealed class ObservedStore(IAttemptStore store) : IAttemptStore
    {
        public Func<Task<long>> Look { get; set; } = () => Task.FromResult(-1L);

        public List<long> CursorAtFlush { get; } = [];

        public async ValueTask AppendAsync(IReadOnlyList<AttemptChunk> chunks, bool isFlushed)
        {
            await store.AppendAsync(chunks, isFlushed);
            if (isFlushed)
            {
                CursorAtFlush.Add(await Look());
            }
        }

        public ValueTask<IReadOnlyList<AttemptChunk>> ReadAsync(int partition, long bucket, long? offset, CancellationToken cancellationToken)
            => store.ReadAsync(partition, bucket, offset, cancellationToken);

        public ValueTask<IReadOnlyList<AttemptChunk>> ReadLossesAsync(long sinceMilliseconds, CancellationToken cancellationToken)
            => store.ReadLossesAsync(sinceMilliseconds, cancellationToken);

        public ValueTask RetainAsync(ReadOnlyMemory<long> firstOffsets, long lossesSinceMilliseconds, CancellationToken cancellationToken)
            => store.RetainAsync(firstOffsets, lossesSinceMilliseconds, cancellationToken);

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }
}
