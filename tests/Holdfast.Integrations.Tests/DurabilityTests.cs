using Holdfast.Integrations.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Integrations.Tests;

public sealed class DurabilityTests
{
    [Fact]
    public async Task A_stopped_node_has_saved_the_exact_cursor_and_repeats_nothing()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync(Enumerable.Range(0, 100).Select(i => ($"devices/d{i}/events/x", $"{i}")));
        await receiver.NextAsync(100);

        await scene.Service.StopAsync();
        Assert.Equal(Enumerable.Range(0, 16).Select(scene.Log.CommittedOffset), await scene.Store.CursorAsync("hook"));

        await scene.RestartAsync();
        await scene.PublishAsync("devices/d1/events/x", "after");
        Assert.Equal("after", (await receiver.NextAsync()).Text);
    }

    [Fact]
    public async Task A_stop_waits_for_the_attempts_in_flight()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Answer = (_, _) => answer.Task;
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "a");
        await receiver.NextAsync();

        var stopping = scene.Service.StopAsync();
        Assert.False(stopping.IsCompleted);
        answer.SetResult();
        await stopping;

        Assert.Equal(1, (await scene.Store.CursorAsync("hook"))[scene.PartitionOf("devices/a/events/x")]);
    }

    [Fact]
    public async Task A_restart_repeats_only_what_was_not_confirmed()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (received, context) => received.Text == "a1" ? HangAsync(context) : Task.CompletedTask;
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync([("devices/a/events/x", "a0"), ("devices/a/events/x", "a1"), ("devices/a/events/x", "a2"), ("devices/b/events/x", "b0")]);
        await receiver.NextAsync(3);
        await scene.UntilAsync(status => status.Delivered == 2);

        var stopping = scene.Service.StopAsync();
        await scene.Time.UntilWaitAsync(scene.Environment.Limits.StopGrace);
        scene.Time.Advance(scene.Environment.Limits.StopGrace);
        await stopping;
        receiver.Answer = (_, _) => Task.CompletedTask;
        await scene.RestartAsync();

        Assert.Equal(["a1", "a2"], (await receiver.NextAsync(2)).Select(received => received.Text));
        await scene.UntilAsync(status => status.Behind == 0 && status.Delivered == 2);
        Assert.False(receiver.Requests.TryRead(out _));
    }

    [Fact]
    public async Task The_cursor_is_saved_once_a_second_so_a_crash_repeats_no_more_than_that()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var interval = scene.Environment.Limits.CursorInterval;
        var partition = scene.PartitionOf("devices/a/events/x");
        await scene.AddAsync(receiver.Url);
        for (var i = 1; i <= 3; i++)
        {
            await scene.PublishAsync("devices/a/events/x", $"{i}");
            await scene.UntilAsync(status => status.Delivered == i);
        }

        await scene.Time.UntilWaitAsync(interval);
        Assert.False(scene.Store.SavedCursors.TryRead(out _));
        scene.Time.Advance(interval);
        Assert.Equal(3, (await scene.Store.SavedCursors.ReadAsync(Deadline.Token))[partition]);

        await scene.PublishAsync("devices/a/events/x", "4");
        await scene.UntilAsync(status => status.Delivered == 4);

        // The process dies here: a new one starts from the disk, and only the fourth event comes again.
        var crashed = scene.Service;
        await scene.RestartAsync();
        Assert.Equal(["1", "2", "3", "4", "4"], (await receiver.NextAsync(5)).Select(received => received.Text));
        await crashed.DisposeAsync();
    }

    [Fact]
    public async Task What_retention_removed_before_its_delivery_is_counted_and_the_rest_is_delivered()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, filter: "devices/a/events/x");
        await scene.Service.StopAsync();
        for (var i = 0; i < 5; i++)
        {
            await scene.PublishAsync("devices/a/events/x", $"{i}");
        }

        scene.Log.Trim(scene.PartitionOf("devices/a/events/x"), 3);
        await scene.RestartAsync();

        Assert.Equal(["3", "4"], (await receiver.NextAsync(2)).Select(received => received.Text));
        var status = await scene.UntilAsync(status => status.Delivered == 2 && status.Behind == 0);
        Assert.Equal((3, 0), (status.TrimmedUnread, status.DamagedUnread));
    }

    [Fact]
    public async Task A_failing_event_is_given_up_when_retention_removes_it_and_not_before()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (received, context) =>
        {
            context.Response.StatusCode = received.Text == "poison" ? 400 : 200;
            return Task.CompletedTask;
        };
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "poison");
        await scene.PublishAsync("devices/a/events/x", "good");
        for (var attempt = 1; attempt <= 20; attempt++)
        {
            Assert.Equal("poison", (await receiver.NextAsync()).Text);
            scene.Time.Advance(await scene.NextRetryAsync());
        }

        await receiver.NextAsync();
        scene.Log.Trim(scene.PartitionOf("devices/a/events/x"), 1);
        scene.Time.Advance(await scene.NextRetryAsync());

        Assert.Equal("good", (await receiver.NextAsync()).Text);
        Assert.Equal(1, scene.Status().TrimmedUnread);
    }

    [Fact]
    public async Task What_is_damaged_is_counted_and_the_rest_is_delivered()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await scene.Service.StopAsync();
        for (var i = 0; i < 3; i++)
        {
            await scene.PublishAsync("devices/a/events/x", $"{i}");
        }

        scene.Log.Damage(scene.PartitionOf("devices/a/events/x"), 1, 2);
        await scene.RestartAsync();

        Assert.Equal(["0", "2"], (await receiver.NextAsync(2)).Select(received => received.Text));
        Assert.Equal(1, (await scene.UntilAsync(status => status.Delivered == 2)).DamagedUnread);
    }

    [Fact]
    public async Task Expired_events_are_skipped_and_counted_when_read_and_when_repeated()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (received, context) =>
        {
            context.Response.StatusCode = received.Text == "soon" ? 500 : 200;
            return Task.CompletedTask;
        };
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "expired", expiresAt: scene.Time.Start);
        await scene.PublishAsync("devices/a/events/x", "soon", expiresAt: scene.Time.Start + TimeSpan.FromMilliseconds(100));
        await scene.PublishAsync("devices/a/events/x", "never");

        Assert.Equal("soon", (await receiver.NextAsync()).Text);
        scene.Time.Advance(await scene.NextRetryAsync());

        Assert.Equal("never", (await receiver.NextAsync()).Text);
        Assert.Equal(2, (await scene.UntilAsync(status => status.Delivered == 1)).Expired);
    }

    [Fact]
    public async Task Removing_ends_the_attempts_in_flight_and_leaves_nothing_behind()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Answer = async (_, context) =>
        {
            await HangAsync(context);
            aborted.TrySetResult();
        };
        await scene.AddAsync(receiver.Url, filter: "devices/#");
        await scene.PublishAsync([("devices/a/events/x", "0"), ("devices/a/events/x", "1")]);
        await receiver.NextAsync();

        Assert.True(await scene.Service.RemoveAsync("p", "hook", Deadline.Token).AsTask().WaitAsync(Deadline.Token));
        await aborted.Task.WaitAsync(Deadline.Token);

        Assert.Null(scene.Service.Find("p", "hook"));
        Assert.Empty(scene.Interest.Registered);
        Assert.Empty(await scene.Store.LoadAsync(Deadline.Token));
        Assert.False(receiver.Requests.TryRead(out _));
        Assert.False(await scene.Service.RemoveAsync("p", "hook", Deadline.Token));

        receiver.Answer = (_, _) => Task.CompletedTask;
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "2");
        Assert.Equal("2", (await receiver.NextAsync()).Text);
    }

    [Fact]
    public async Task A_backlog_far_larger_than_the_window_passes_through_it_in_order()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene(new IntegrationLimits { WindowEvents = 8, WindowBytes = 4000, ReadBytes = 2000 });
        await scene.AddAsync(receiver.Url);
        await scene.Service.StopAsync();
        for (var i = 0; i < 60; i++)
        {
            await scene.PublishAsync(Enumerable.Range(0, 10).Select(device => ($"devices/d{device}/events/x", $"{i}{new string('.', i * 30)}")));
        }

        await scene.RestartAsync();
        var received = await receiver.NextAsync(600);

        foreach (var device in received.GroupBy(request => request.Event.Device))
        {
            Assert.Equal(Enumerable.Range(0, 60), device.Select(request => int.Parse(request.Text.TrimEnd('.'), null)));
        }
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_is_reported_and_read_again_after_a_pause()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        var partition = (await scene.AppendAsync([("devices/a/events/x", "x")]))[0];
        await scene.Log.DisposeAsync();

        scene.Feed.Announce(partition, 1);
        await scene.Time.UntilWaitAsync(scene.Environment.Limits.MinimumRetryDelay);
        Assert.Contains(nameof(ObjectDisposedException), scene.Status().LastError, StringComparison.Ordinal);

        scene.Log.Reopen();
        scene.Time.Advance(scene.Environment.Limits.MinimumRetryDelay);
        Assert.Equal("x", (await receiver.NextAsync()).Text);
    }

    private static async Task HangAsync(HttpContext context)
    {
        var aborted = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(aborted.SetResult);
        await aborted.Task;
    }
}
