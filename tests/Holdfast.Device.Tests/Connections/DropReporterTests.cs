using System.Text;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;
using Holdfast.Device.Tests.Harness;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Connections;

public sealed class DropReporterTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly MemoryCloud _cloud = new() { AnswersAtOnce = null };
    private readonly DeviceOptions _options = MemoryDevice.Options with { AckDeadline = TimeSpan.FromDays(1), ReturnInterval = TimeSpan.FromDays(1), MaximumInFlight = 1 };

    [Fact]
    public async Task What_is_dropped_while_the_connection_stands_is_told_on_it_once()
    {
        await using var device = MemoryDevice.Start(_cloud, _options, _time);
        await device.PublishAsync("wrong");
        (await _cloud.NextAsync()).Answer.SetResult(PublishOutcome.Rejected);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        _cloud.AnswersAtOnce = PublishOutcome.Stored;
        Assert.Equal("""{"dropped":1,"refused":0}""", await ReportAsync());

        _time.Advance(Interval * 2);
        await device.PublishAsync("right");
        Assert.Equal(["right"], (await _cloud.NextAsync()).Texts);
    }

    [Fact]
    public async Task What_was_refused_for_want_of_room_is_told_as_soon_as_there_is_room()
    {
        var outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero, MaximumBytes = OutboxOptions.MinimumBytes, WhenFull = FullPolicy.RefuseNewest };
        await using var device = MemoryDevice.Start(_cloud, _options with { Outbox = outbox, MaximumBatchEvents = 1 }, _time);
        var large = new string('x', 15_000);
        await Assert.ThrowsAsync<OutboxFullException>(async () =>
        {
            while (true)
            {
                await device.PublishAsync(large);
            }
        });
        _time.Advance(Interval);
        var first = await _cloud.NextAsync();
        _cloud.AnswersAtOnce = PublishOutcome.Stored;
        first.Answer.SetResult(PublishOutcome.Stored);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal("""{"dropped":0,"refused":1}""", await ReportAsync());
    }

    /// <summary>The next report; what is published before it is passed over.</summary>
    private async Task<string> ReportAsync()
    {
        _time.Advance(Interval);
        while (true)
        {
            if ((await _cloud.NextAsync()).Events is [var stored] && stored.Topic.EndsWith(DropReporter.EventName, StringComparison.Ordinal))
            {
                Assert.Equal(EventPriority.Urgent, stored.Priority);
                return Encoding.UTF8.GetString(stored.Payload.Span);
            }
        }
    }
}
