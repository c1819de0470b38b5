using Holdfast.Broker.Custody;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Retention;
using Holdfast.Integrations.Tests.Custody;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests;

public sealed class RetentionTests
{
    [Fact]
    public async Task What_a_product_no_longer_keeps_is_not_delivered_but_counted_and_shown_in_custody()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await StartAsync();
        await custody.Scene.AddAsync(receiver.Url, filter: "devices/+/events/#");
        await custody.Scene.Service.StopAsync();
        var old = await custody.PublishAsync("a", 1, "old");
        await custody.PublishAsync("a", 2, "old");
        await custody.PublishAsync("a", 3, "not wanted", level: "other/x");
        var floor = Pass(custody);
        await custody.PublishAsync("a", 4, "new");
        await custody.Scene.RestartAsync();

        Assert.Equal("new", (await receiver.NextAsync()).Text);
        var status = await custody.Scene.UntilAsync(status => status.Delivered == 1);
        Assert.Equal((2, 0), (status.TrimmedUnread, status.DamagedUnread));
        Assert.Null(await custody.Custody.TraceAsync("p", old, Deadline.Token));
        var report = await custody.Custody.ReportAsync(new CustodyQuery("p") { Device = "a" }, Deadline.Token);
        var hook = Assert.Single(report.Integrations);
        Assert.Equal((1L, 1L, 2L, 2L), (hook.Wanted, hook.Delivered, hook.RecordsLost, hook.TrimmedUnread));
        Assert.Equal(floor, report.Events.KeptSince);
        Assert.StartsWith("2 lost", report.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failing_event_is_given_up_when_its_product_keeps_it_no_longer()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await StartAsync();
        receiver.Answer = (received, context) =>
        {
            context.Response.StatusCode = received.Text == "poison" ? 400 : 200;
            return Task.CompletedTask;
        };
        await custody.Scene.AddAsync(receiver.Url);
        await custody.PublishAsync("a", 1, "poison");
        Assert.Equal("poison", (await receiver.NextAsync()).Text);
        await custody.Scene.NextRetryAsync();
        Pass(custody);
        await custody.PublishAsync("a", 2, "good");
        custody.Scene.Time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("good", (await receiver.NextAsync()).Text);
        Assert.Equal(1, custody.Scene.Status().TrimmedUnread);
    }

    [Fact]
    public async Task A_replay_begins_with_what_is_kept_and_counts_no_loss()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var custody = await StartAsync();
        await custody.Scene.AddAsync(receiver.Url);
        await custody.PublishAsync("a", 1, "old");
        await custody.Scene.UntilAsync(status => status.Delivered == 1);
        Pass(custody);
        await custody.PublishAsync("a", 2, "new");
        await custody.Scene.UntilAsync(status => status.Delivered == 2);
        await receiver.NextAsync(2);

        var replay = (await custody.Scene.Service.Deliveries.ReplayAsync("p", "hook", new ReplayRequest { From = DateTimeOffset.UnixEpoch }, Deadline.Token)).Integration!;

        Assert.Equal("new", (await receiver.NextAsync()).Text);
        var status = await custody.Scene.UntilAsync(status => status.State == IntegrationState.Completed, replay.Definition.Name);
        Assert.Equal((1, 0), (status.Delivered, status.TrimmedUnread));
    }

    private static async Task<CustodyScene> StartAsync()
    {
        var custody = await CustodyScene.StartAsync();
        await custody.Scene.Service.DisposeAsync();
        custody.Scene.Environment = custody.Scene.Environment with { Floors = new SteppedFloors() };
        await custody.Scene.RestartAsync();
        return custody;
    }

    /// <summary>A minute passes, and nothing from before is kept.</summary>
    private static DateTimeOffset Pass(CustodyScene custody)
    {
        custody.Scene.Time.Advance(TimeSpan.FromMinutes(1));
        var now = custody.Scene.Time.GetUtcNow();
        ((SteppedFloors)custody.Scene.Environment.Floors).Floor = now.ToUnixTimeMilliseconds();
        return now;
    }

    private sealed class SteppedFloors : IRetentionFloors
    {
        public long Floor { get; set; } = long.MinValue;

        public long FloorOf(string product) => Floor;
    }
}
