using Holdfast.Device.Batches;
using Holdfast.Device.Connections;
using Holdfast.Device.Tests.Harness;

namespace Holdfast.Device.Tests.Batches;

public sealed class BatchingTests
{
    private readonly MemoryCloud _cloud = new();

    [Fact]
    public async Task What_waits_together_goes_together_within_the_limits()
    {
        _cloud.AnswersAtOnce = null;
        await using var device = MemoryDevice.Start(_cloud, MemoryDevice.Options with { MaximumBatchEvents = 4, MaximumInFlight = 1 });
        await device.PublishAsync("first");
        var first = await _cloud.NextAsync();
        Assert.Equal(["first"], first.Texts);
        await device.PublishAllAsync("1", "2", "3", "4", "5");
        first.Answer.SetResult(PublishOutcome.Stored);
        var second = await _cloud.NextAsync();
        Assert.Equal(["1", "2", "3", "4"], second.Texts);
        Assert.Equal(0, _cloud.Untold);
        second.Answer.SetResult(PublishOutcome.Stored);
        var third = await _cloud.NextAsync();
        Assert.Equal(["5"], third.Texts);
        third.Answer.SetResult(PublishOutcome.Stored);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal((6, 3), (device.Traffic.EventsStored, device.Traffic.Publishes));
    }

    [Fact]
    public async Task A_large_event_goes_alone_and_keeps_its_place_and_priorities_do_not_mix()
    {
        var large = new string('x', BatchGatherer.SmallPayload + 1);
        _cloud.AnswersAtOnce = null;
        await using var device = MemoryDevice.Start(_cloud, MemoryDevice.Options with { MaximumInFlight = 1 });
        await device.PublishAsync("first");
        var first = await _cloud.NextAsync();
        await device.PublishAllAsync("1", "2", large, "3", "4");
        await device.PublishAsync("low", EventPriority.Low);
        await device.PublishAsync("urgent", EventPriority.Urgent);
        _cloud.AnswersAtOnce = PublishOutcome.Stored;
        first.Answer.SetResult(PublishOutcome.Stored);
        Assert.Equal(["urgent"], (await _cloud.NextAsync()).Texts);
        Assert.Equal(["1", "2"], (await _cloud.NextAsync()).Texts);
        Assert.Equal([large], (await _cloud.NextAsync()).Texts);
        Assert.Equal(["3", "4"], (await _cloud.NextAsync()).Texts);
        Assert.Equal(["low"], (await _cloud.NextAsync()).Texts);
    }

    [Fact]
    public async Task A_cloud_that_does_not_unpack_gets_single_events()
    {
        _cloud.AcceptsBatches = false;
        await using var device = MemoryDevice.Start(_cloud, MemoryDevice.Options);
        await device.PublishAllAsync("1", "2", "3");
        foreach (var text in (string[])["1", "2", "3"])
        {
            Assert.Equal([text], (await _cloud.NextAsync()).Texts);
        }
    }

    [Fact]
    public async Task After_a_refused_batch_its_events_are_sent_one_by_one()
    {
        _cloud.AnswersAtOnce = null;
        await using var device = MemoryDevice.Start(_cloud, MemoryDevice.Options with { MaximumInFlight = 1 });
        await device.PublishAsync("first");
        var first = await _cloud.NextAsync();
        await device.PublishAllAsync("1", "2");
        first.Answer.SetResult(PublishOutcome.Stored);
        Assert.Equal(["1", "2"], (await _cloud.NextAsync()).Texts);
        var connection = await _cloud.ConnectionAsync();
        _cloud.AnswersAtOnce = PublishOutcome.Stored;
        connection.End(new ConnectionEnd("The batch has version 1.", IsPayloadRefused: true));
        Assert.Equal(["1"], (await _cloud.NextAsync()).Texts);
        Assert.Equal(["2"], (await _cloud.NextAsync()).Texts);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(0UL, (await device.GetStatisticsAsync()).Dropped);
    }
}
