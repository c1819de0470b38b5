using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Integrations.Tests;

public sealed class WebhookDeliveryTests
{
    [Fact]
    public async Task An_event_arrives_in_the_schema_with_its_id_and_the_time_of_the_attempt()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, filter: "devices/+/events/#");

        await scene.PublishAsync("devices/pump-1/events/pressure/low", "2.5 bar");
        var received = await receiver.NextAsync();

        Assert.Equal("pump-1", received.Event.Device);
        Assert.Equal("pressure/low", received.Event.Name);
        Assert.Equal("2.5 bar", received.Text);
        Assert.Equal(scene.Time.Start, received.Event.ReceivedAt);
        Assert.Equal($"memory-{scene.PartitionOf("devices/pump-1/events/x")}-0", received.Event.Id);
        Assert.Equal(received.Event.Id, received.Headers["webhook-id"]);
        Assert.Equal(scene.Time.Start.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture), received.Headers["webhook-timestamp"]);
        Assert.Equal("application/json", received.Headers["Content-Type"]);
        Assert.StartsWith("Holdfast/", received.Headers["User-Agent"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("devices/a/events/#")]
    [InlineData("devices/+/events/#")]
    public async Task Only_announced_events_of_its_product_that_match_its_filter_are_carried(string filter)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, filter: filter);

        await scene.PublishAsync("devices/a/events/x", "other product", product: "q");
        await scene.PublishAsync("devices/a/commands/x", "other topic");
        await scene.PublishAsync("devices/b/commands/x", "other device");
        await scene.PublishAsync("devices/a/events/x", "wanted");
        await scene.AppendAsync([("devices/a/events/x", "not announced")]);
        await scene.UntilAsync(status => status.Delivered == 1);

        Assert.Equal("wanted", (await receiver.NextAsync()).Text);
        Assert.False(receiver.Requests.TryRead(out _));
        Assert.Equal(0, scene.Status().Behind);
    }

    [Fact]
    public async Task A_new_integration_starts_now()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.PublishAsync("devices/a/events/x", "before");
        await scene.AddAsync(receiver.Url);

        await scene.PublishAsync("devices/a/events/x", "after");

        Assert.Equal("after", (await receiver.NextAsync()).Text);
    }

    [Fact]
    public async Task A_failing_device_keeps_its_order_and_holds_up_no_other_device()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var failures = 3;
        receiver.Answer = (received, context) =>
        {
            context.Response.StatusCode = received.Text == "a0" && Interlocked.Decrement(ref failures) >= 0 ? 503 : 200;
            return Task.CompletedTask;
        };
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync(Enumerable.Range(0, 5).SelectMany(i => new[] { ("devices/a/events/x", $"a{i}"), ("devices/b/events/x", $"b{i}") }));

        var beforeRetry = await receiver.NextAsync(6);
        Assert.Equal(["b0", "b1", "b2", "b3", "b4"], beforeRetry.Select(received => received.Text).Where(text => text[0] == 'b'));
        await scene.UntilAsync(status => status.Delivered == 5);

        for (var retry = 1; retry <= 3; retry++)
        {
            await scene.UntilAsync(status => status.FailedAttempts == retry);
            scene.Time.Advance(await scene.NextRetryAsync());
            Assert.Equal("a0", (await receiver.NextAsync()).Text);
        }

        Assert.Equal(["a1", "a2", "a3", "a4"], (await receiver.NextAsync(4)).Select(received => received.Text));
        var status = await scene.UntilAsync(status => status.Delivered == 10);
        Assert.Equal(3, status.FailedAttempts);
        Assert.Equal("HTTP 503 Service Unavailable", status.LastError);
    }

    [Fact]
    public async Task An_attempt_is_repeated_after_a_pause_that_grows_with_the_time_of_each_attempt_in_its_header()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) => SetStatusAsync(context, 500);
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x");
        var sent = new List<DateTimeOffset>();
        for (var attempt = 1; attempt <= 12; attempt++)
        {
            var received = await receiver.NextAsync();
            Assert.Equal(scene.Time.GetUtcNow().ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture), received.Headers["webhook-timestamp"]);
            sent.Add(scene.Time.GetUtcNow());
            var pause = await scene.NextRetryAsync();
            Assert.InRange(pause, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(Math.Min(60, 0.5 * Math.Pow(2, attempt))));

            // After the last attempt the clock stands still: the state that is judged below is that of the pause.
            scene.Time.Advance(attempt < 12 ? pause : TimeSpan.Zero);
        }

        Assert.True(sent[11] - sent[8] > sent[3] - sent[0], "The pauses do not grow.");
        Assert.Equal(IntegrationState.Open, scene.Status().State);
        Assert.Equal(scene.Time.Start, scene.Status().OldestWaiting);
    }

    [Fact]
    public async Task A_receiver_that_never_answers_delays_no_other_integration_and_its_attempt_times_out()
    {
        await using var dead = await Receiver.StartAsync();
        await using var alive = await Receiver.StartAsync();
        await using var scene = new Scene();
        dead.Answer = (_, context) => HangAsync(context);
        await scene.AddAsync(dead.Url, "dead");
        await scene.AddAsync(alive.Url, "alive");
        await scene.PublishAsync(Enumerable.Range(0, 200).Select(i => ($"devices/d{i}/events/x", $"{i}")));

        await alive.NextAsync(200);
        await scene.UntilAsync(status => status.Delivered == 200, "alive");
        Assert.Equal(0, scene.Status("dead").Delivered);

        await dead.NextAsync(64);
        Assert.False(dead.Requests.TryRead(out _));
        scene.Time.Advance(TimeSpan.FromSeconds(15));
        var status = await scene.UntilAsync(status => status.FailedAttempts >= 64, "dead");
        Assert.Contains("within 15 s", status.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_is_a_failure_that_says_so()
    {
        await using var scene = new Scene();
        string url;
        await using (var gone = await Receiver.StartAsync())
        {
            url = gone.Url;
        }

        await scene.AddAsync(url);
        await scene.PublishAsync("devices/a/events/x", "x");
        var status = await scene.UntilAsync(status => status.FailedAttempts == 1);

        Assert.Contains("ConnectionError", status.LastError, StringComparison.Ordinal);
        Assert.Equal(scene.Time.Start, status.LastErrorAt);
    }

    [Fact]
    public async Task A_redirect_is_a_failure_and_is_not_followed()
    {
        await using var elsewhere = await Receiver.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = elsewhere.Url;
            return Task.CompletedTask;
        };
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x");

        var status = await scene.UntilAsync(status => status.FailedAttempts == 1);
        Assert.Contains("redirects are not followed", status.LastError, StringComparison.Ordinal);
        Assert.False(elsewhere.Requests.TryRead(out _));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    [InlineData(299)]
    public async Task Any_2xx_is_a_confirmation(int statusCode)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) => SetStatusAsync(context, statusCode);
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x");

        Assert.Equal(0, (await scene.UntilAsync(status => status.Delivered == 1)).FailedAttempts);
    }

    [Fact]
    public async Task An_endless_answer_is_cut_off()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var cutOff = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Answer = async (_, context) =>
        {
            context.RequestAborted.Register(() => cutOff.TrySetResult());
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[16 * 1024], CancellationToken.None);
            }
        };
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x");

        await scene.UntilAsync(status => status.Delivered == 1);
        await cutOff.Task.WaitAsync(Deadline.Token);
    }

    private static Task SetStatusAsync(HttpContext context, int statusCode)
    {
        context.Response.StatusCode = statusCode;
        return Task.CompletedTask;
    }

    private static async Task HangAsync(HttpContext context)
    {
        var aborted = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(aborted.SetResult);
        await aborted.Task;
    }
}
