using Holdfast.Integrations.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class BatchAndOrderTests
{
    [Fact]
    public async Task Batches_carry_everything_once_in_order_per_device()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: "\"maxBatch\":7,\"maxWaitMilliseconds\":0");
        for (var i = 0; i < 20; i++)
        {
            await scene.PublishAsync(Enumerable.Range(0, 10).Select(device => ($"devices/d{device}/events/x", $"{i}")));
        }

        await scene.UntilAsync(status => status.Delivered == 200);
        var batches = new List<Received>();
        while (receiver.Requests.TryRead(out var received))
        {
            batches.Add(received);
        }

        var events = batches.SelectMany(batch => batch.Events).ToArray();
        Assert.InRange(batches.Count, 200 / 7, 199);
        Assert.All(batches, batch => Assert.InRange(batch.Events.Count, 1, 7));
        Assert.All(events.GroupBy(one => one.Device), device => Assert.Equal(Enumerable.Range(0, 20), device.Select(one => int.Parse(one.Payload.GetString()!, null))));
    }

    [Fact]
    public async Task A_batch_waits_for_more_events_no_longer_than_it_may()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: "\"maxBatch\":3,\"maxWaitMilliseconds\":250,\"body\":\"cloudevents\"");
        await scene.PublishAsync("devices/a/events/x", "0");
        await scene.Time.UntilWaitAsync(TimeSpan.FromMilliseconds(250));
        Assert.False(receiver.Requests.TryRead(out _));

        scene.Time.Advance(TimeSpan.FromMilliseconds(250));
        var received = await receiver.NextAsync();
        Assert.Equal("application/cloudevents-batch+json", received.Headers["Content-Type"]);
        Assert.Equal(1, System.Text.Json.JsonElement.Parse(received.Bytes).GetArrayLength());
    }

    [Fact]
    public async Task A_batch_that_is_repeated_keeps_its_id_and_its_events()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var failures = 2;
        receiver.Answer = (_, context) => DeadLetterTests.AnswerAsync(context, Interlocked.Decrement(ref failures) >= 0 ? 500 : 200, "");
        await scene.AddAsync(receiver.Url, settings: "\"maxBatch\":3,\"maxWaitMilliseconds\":0");
        await scene.PublishAsync([("devices/a/events/x", "0"), ("devices/b/events/x", "1"), ("devices/c/events/x", "2")]);

        var first = await receiver.NextAsync();
        scene.Time.Advance(await scene.NextRetryAsync());
        var second = await receiver.NextAsync();

        Assert.StartsWith("batch-", first.Headers["webhook-id"], StringComparison.Ordinal);
        Assert.Equal((first.Headers["webhook-id"], first.Body), (second.Headers["webhook-id"], second.Body));
        Assert.Equal((false, "2"), (first.Headers.ContainsKey("Holdfast-Attempt"), second.Headers["Holdfast-Attempt"]));
    }

    [Fact]
    public async Task With_a_global_order_events_of_all_devices_come_one_by_one_as_they_were_received()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var inFlight = 0;
        var isConcurrent = false;
        receiver.Answer = async (_, _) =>
        {
            isConcurrent |= Interlocked.Increment(ref inFlight) > 1;
            await Task.Yield();
            Interlocked.Decrement(ref inFlight);
        };
        await scene.AddAsync(receiver.Url, settings: "\"order\":\"global\",\"paused\":true");
        for (var i = 0; i < 60; i++)
        {
            await scene.PublishAsync($"devices/d{i * 7 % 20}/events/x", $"{i}");
            scene.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await scene.Service.ChangeAsync("p", "hook", System.Text.Json.JsonElement.Parse("""{"paused":false}"""), Deadline.Token);

        Assert.Equal(Enumerable.Range(0, 60), (await receiver.NextAsync(60)).Select(received => int.Parse(received.Text, null)));
        Assert.False(isConcurrent);
    }

    [Fact]
    public async Task Without_an_order_a_failing_event_holds_up_nothing_of_its_device()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (received, context) => DeadLetterTests.AnswerAsync(context, received.Text == "0" ? 500 : 200, "");
        await scene.AddAsync(receiver.Url, settings: "\"order\":\"none\"");
        await scene.PublishAsync(Enumerable.Range(0, 5).Select(i => ("devices/a/events/x", $"{i}")));

        await scene.UntilAsync(status => status.Delivered == 4 && status.FailedAttempts == 1);
    }

    [Theory]
    [InlineData("120")]
    [InlineData("Sun, 01 Mar 2026 08:02:00 GMT")]
    public async Task A_receiver_that_names_a_pause_is_left_alone_for_so_long(string retryAfter)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) =>
        {
            context.Response.Headers.RetryAfter = retryAfter;
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return Task.CompletedTask;
        };
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "0");

        Assert.Equal(TimeSpan.FromMinutes(2), await scene.NextRetryAsync());
        Assert.Equal("0", (await receiver.NextAsync()).Text);
        await scene.PublishAsync("devices/b/events/x", "1");
        receiver.Answer = (_, _) => Task.CompletedTask;
        scene.Time.Advance(TimeSpan.FromMinutes(2));

        var late = await receiver.NextAsync(2);
        Assert.All(late, received => Assert.Equal("120.000", received.Headers["Holdfast-Delay"]));
    }

    [Fact]
    public async Task After_an_outage_the_receiver_gets_a_few_requests_at_first_and_more_as_it_answers()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) => DeadLetterTests.AnswerAsync(context, 503, "");
        await scene.AddAsync(receiver.Url, settings: "\"concurrency\":20");
        await scene.PublishAsync(Enumerable.Range(0, 100).Select(i => ($"devices/d{i}/events/x", "x")));
        await scene.UntilAsync(status => status.FailedAttempts >= 20);
        await receiver.NextAsync(20);

        var most = 0;
        var inFlight = 0;
        var answered = 0;
        var isFlooded = false;
        receiver.Answer = async (_, _) =>
        {
            var now = Interlocked.Increment(ref inFlight);
            most = Math.Max(most, now);
            isFlooded |= now > 2 + Volatile.Read(ref answered);
            await Task.Yield();
            Interlocked.Increment(ref answered);
            Interlocked.Decrement(ref inFlight);
        };
        while (scene.Status().Delivered < 100)
        {
            scene.Time.Advance(TimeSpan.FromSeconds(60));
            await scene.UntilAsync(status => status.Delivered == 100 || status.NextAttemptAt > scene.Time.GetUtcNow());
        }

        Assert.False(isFlooded);
        Assert.InRange(most, 1, 20);
    }
}
