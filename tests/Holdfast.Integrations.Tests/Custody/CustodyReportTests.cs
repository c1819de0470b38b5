using Holdfast.Broker.Custody;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests.Custody;

public sealed class CustodyReportTests
{
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(400);

    [Fact]
    public async Task A_report_counts_what_was_late_what_waits_and_what_never_arrived()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await CustodyScene.StartAsync();
        var failures = 1;
        receiver.Answer = (received, context) =>
        {
            context.Response.StatusCode = received.Text == "bad" ? 410 : received.Text == "late" && failures-- > 0 ? 503 : 200;
            return Task.CompletedTask;
        };
        await custody.Scene.AddAsync(receiver.Url, filter: "devices/+/events/#");
        await custody.PublishAsync("a", 1);
        await custody.PublishAsync("a", 2);
        await custody.PublishAsync("b", 0);
        var bad = await custody.PublishAsync("a", 5, "bad");
        await custody.Scene.UntilAsync(status => status.Delivered == 3 && status.DeadLettered == 1);
        var late = await custody.PublishAsync("a", 6, "late");
        await custody.Scene.UntilAsync(status => status.FailedAttempts == 1);
        custody.Scene.Time.Advance(await custody.Scene.NextRetryAsync());
        await custody.Scene.UntilAsync(status => status.Delivered == 4);
        await custody.PublishAsync("a", 0, level: "commands/go");

        var report = await ReportAsync(custody, "a");

        Assert.Equal((6L, 4L, 2L, 1), (report.Events.Published, report.Events.Accepted, report.Events.Missing, report.Events.Streams));
        var hook = Assert.Single(report.Integrations);
        Assert.Equal(("hook", 4L, 3L, 1L, 1L, 0L, 0L), (hook.Name, hook.Wanted, hook.Delivered, hook.Late, hook.DeadLetters, hook.Waiting, hook.Lost));
        Assert.Equal([(bad, Outcomes.DeadLetter, 1), (late, Outcomes.Late, 2)], report.Items.Select(item => (item.Event, item.Outcome, item.Attempts)));
        var gaps = Assert.Single(report.Gaps);
        Assert.Equal(("a", "s1", 1UL, 6UL, new SequenceGap(3, 4)), (gaps.Device, gaps.Stream, gaps.First, gaps.Last, Assert.Single(gaps.Ranges)));
        Assert.Equal(
            "0 lost, 1 late, 0 waiting, 1 dead letters, 0 expired; 4 of 6 published events were accepted, 2 never arrived", report.Summary);

        var all = await ReportAsync(custody, null);
        Assert.Equal((6L, 5L), (all.Events.Accepted, Assert.Single(all.Integrations).Wanted));
    }

    [Fact]
    public async Task A_sequence_that_arrived_outside_the_time_is_not_missing()
    {
        await using var custody = await CustodyScene.StartAsync();
        var from = custody.Scene.Time.GetUtcNow();
        await custody.PublishAsync("a", 1);
        await custody.PublishAsync("a", 4);
        custody.Scene.Time.Advance(TimeSpan.FromMinutes(1));
        var to = custody.Scene.Time.GetUtcNow();
        await custody.PublishAsync("a", 2);

        var report = await custody.Custody.ReportAsync(new CustodyQuery("p") { Device = "a", From = from, To = to }, Deadline.Token);

        Assert.Equal((2L, 1L), (report.Events.Accepted, report.Events.Missing));
        Assert.Equal(new SequenceGap(3, 3), Assert.Single(Assert.Single(report.Gaps).Ranges));
    }

    [Fact]
    public async Task The_list_comes_in_pages_and_the_counts_stay_those_of_all()
    {
        await using var custody = await CustodyScene.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        await custody.Scene.AddAsync(receiver.Url, settings: "\"paused\":true");
        await custody.Scene.AddAsync(receiver.Url, "second", settings: "\"paused\":true");
        for (var sequence = 1UL; sequence <= 5; sequence++)
        {
            await custody.PublishAsync("a", sequence);
        }

        var listed = new List<ulong>();
        string? after = null;
        do
        {
            var report = await custody.Custody.ReportAsync(new CustodyQuery("p") { Limit = 3, After = after }, Deadline.Token);
            Assert.Equal([5L, 5L], report.Integrations.Select(one => one.Waiting));
            listed.AddRange(report.Items.Select(item => item.Sequence!.Value));
            after = report.Next;
        }
        while (after is not null);

        Assert.Equal([1UL, 1, 2, 2, 3, 3, 4, 4, 5, 5], listed);
    }

    [Fact]
    public async Task What_was_received_before_an_integration_was_made_is_not_its_to_deliver()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await CustodyScene.StartAsync();
        await custody.PublishAsync("a", 1);
        custody.Scene.Time.Advance(TimeSpan.FromSeconds(1));
        await custody.Scene.AddAsync(receiver.Url);
        await custody.PublishAsync("a", 2);
        await custody.Scene.UntilAsync(status => status.Delivered == 1);

        Assert.Equal(1, Assert.Single((await ReportAsync(custody, "a")).Integrations).Wanted);
    }

    [Fact]
    public async Task What_expired_is_told()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await CustodyScene.StartAsync();
        receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        await custody.Scene.AddAsync(receiver.Url);
        await custody.Scene.PublishAsync("devices/a/events/x", "x", expiresAt: custody.Scene.Time.GetUtcNow() + TimeSpan.FromMilliseconds(100));
        await custody.Scene.UntilAsync(status => status.FailedAttempts == 1);
        custody.Scene.Time.Advance(await custody.Scene.NextRetryAsync());
        await custody.Scene.UntilAsync(status => status.Expired == 1);

        var hook = Assert.Single((await ReportAsync(custody, "a")).Integrations);

        Assert.Equal((1L, 1L, 0L), (hook.Wanted, hook.Expired, hook.Waiting));
    }

    private static async Task<CustodyReport> ReportAsync(CustodyScene custody, string? device)
        => await custody.Custody.ReportAsync(new CustodyQuery("p") { Device = device, LateAfter = Late }, Deadline.Token);
}
