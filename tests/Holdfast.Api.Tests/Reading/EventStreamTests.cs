using System.Net.Sockets;
using System.Text;
using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Retention;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Tests.Reading;

public sealed class EventStreamTests
{
    [Fact]
    public async Task A_stream_begins_now_and_carries_what_comes()
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishAsync("t", "before");
        await using var stream = await scene.OpenAsync();
        await scene.PublishAsync("t", "after");

        var first = await stream.NextAsync();

        Assert.Equal(("message", "after"), (first!.Type, first.Json.GetProperty("payload").GetString()));
        Assert.Equal(("text/event-stream", "1000"), (stream.ContentType, stream.Retry));
    }

    [Fact]
    public async Task Whoever_comes_back_after_any_event_misses_nothing_and_gets_nothing_again()
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishManyAsync(40);
        string? last = null;
        var received = new List<int>();
        for (var take = 1; received.Count < 60; take = (take % 7) + 1)
        {
            await using var stream = await scene.OpenAsync("?from=0", last);
            foreach (var payload in await stream.PayloadsAsync(Math.Min(take, 60 - received.Count)))
            {
                received.Add(int.Parse(payload, null));
            }

            last = stream.LastEventId;
            if (received.Count == 28)
            {
                await scene.PublishManyAsync(20, first: 40);
            }
        }

        Assert.Equal(Enumerable.Range(0, 60), received.Order());
        Assert.All(received.GroupBy(number => number % 12), device => Assert.Equal(device.Order(), device));
    }

    [Fact]
    public async Task Whoever_leaves_before_the_first_event_has_a_position_too()
    {
        await using var scene = await ReadingScene.StartAsync();
        await using var left = await scene.OpenAsync();
        await scene.PublishManyAsync(3);

        await using var back = await scene.OpenAsync("", left.LastEventId);

        Assert.Equal(["0", "1", "2"], (await back.PayloadsAsync(3)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_header_of_a_client_that_comes_back_goes_before_the_query_it_began_with()
    {
        await using var scene = await ReadingScene.StartAsync();
        await using var first = await scene.OpenAsync();
        var start = first.LastEventId;
        await scene.PublishManyAsync(2, devices: 1);
        await first.PayloadsAsync(1);

        await using var back = await scene.OpenAsync($"?after={start}", first.LastEventId);

        Assert.Equal(["1"], await back.PayloadsAsync(1));
    }

    [Fact]
    public async Task A_comment_every_nine_seconds_keeps_it_open_and_brings_the_position()
    {
        await using var scene = await ReadingScene.StartAsync();
        await using var stream = await scene.OpenAsync("?filter=wanted");
        var wanted = await scene.PublishAsync("wanted", "1");
        Assert.Equal(wanted, (await stream.NextAsync())!.Json.GetProperty("id").GetString());
        var before = stream.LastEventId;

        scene.Time.Advance(TimeSpan.FromSeconds(8.9));
        Assert.Empty(stream.Comments);
        scene.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(": keep-alive", await stream.ReadLineAsync());
        Assert.StartsWith("id: ", await stream.ReadLineAsync(), StringComparison.Ordinal);

        // What was not wanted is not read again either.
        var other = Enumerable.Range(0, 1000).Select(i => $"other{i}");
        foreach (var topic in other.Take(50))
        {
            await scene.PublishAsync(topic, "x");
        }

        await scene.PublishAsync("wanted", "2");
        Assert.Equal(["2"], await stream.PayloadsAsync(1));
        Assert.NotEqual(before, stream.LastEventId);
    }

    [Fact]
    public async Task What_can_no_longer_be_read_is_an_event_of_its_own()
    {
        await using var scene = await ReadingScene.StartAsync();
        await using var first = await scene.OpenAsync("?device=d0");
        await scene.PublishManyAsync(6, devices: 1);
        var partition = Enumerable.Range(0, 4).Single(p => scene.Log.CommittedOffset(p) >= 6);
        scene.Log.Trim(partition, scene.Log.CommittedOffset(partition) - 2);

        await using var back = await scene.OpenAsync("?device=d0", first.LastEventId);

        var gap = await back.NextAsync();
        Assert.Equal(("gap", "trimmed"), (gap!.Type, gap.Json.GetProperty("reason").GetString()));
        Assert.InRange(gap.Json.GetProperty("records").GetInt64(), 4, 6);
        Assert.Equal(["4", "5"], await back.PayloadsAsync(2));
        await using var again = await scene.OpenAsync("?device=d0", gap.Id);
        Assert.Equal(["4", "5"], await again.PayloadsAsync(2));
    }

    [Fact]
    public async Task What_a_product_no_longer_keeps_is_told_to_who_reads_on_and_not_shown_to_who_begins()
    {
        var floors = new SteppedFloors();
        await using var scene = await ReadingScene.StartAsync(addServices: (_, services) => services.AddSingleton<IRetentionFloors>(floors));
        await using var first = await scene.OpenAsync("?device=d0");
        await scene.PublishManyAsync(6, devices: 1);
        var events = (await scene.GetAsync("?device=d0")).Json.GetProperty("events").EnumerateArray().ToList();
        floors.Floor = events[4].GetProperty("receivedAt").GetDateTimeOffset().ToUnixTimeMilliseconds();

        await using var back = await scene.OpenAsync("?device=d0", first.LastEventId);

        var gap = await back.NextAsync();
        Assert.Equal(("gap", "trimmed", 4L), (gap!.Type, gap.Json.GetProperty("reason").GetString(), gap.Json.GetProperty("records").GetInt64()));
        Assert.Equal(["4", "5"], await back.PayloadsAsync(2));
        await using var begun = await scene.OpenAsync("?device=d0&from=0");
        Assert.Equal(["4", "5"], await begun.PayloadsAsync(2));
        Assert.Equal(2, (await scene.GetAsync("?device=d0")).Json.GetProperty("events").GetArrayLength());
    }

    [Fact]
    public async Task A_json_payload_with_line_breaks_stays_one_line()
    {
        await using var scene = await ReadingScene.StartAsync();
        await using var stream = await scene.OpenAsync();
        await scene.PublishAsync("t", "{\r\n  \"a\": \"x\\ny\"\n}", contentType: "application/json");

        var read = await stream.NextAsync();

        Assert.Equal("x\ny", read!.Json.GetProperty("payload").GetProperty("a").GetString());
    }

    [Fact]
    public async Task Quality_of_service_0_is_logged_while_a_stream_waits_for_it()
    {
        await using var scene = await ReadingScene.StartAsync();
        await using (await scene.OpenAsync("?filter=a/%2B"))
        {
            Assert.Equal(["default a/+"], scene.Interests.Open);
        }

        await scene.Interests.Ended.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Empty(scene.Interests.Open);
        await using var ofDevice = await scene.OpenAsync("?device=d1");
        Assert.Equal(["default devices/d1/#"], scene.Interests.Open);
    }

    [Fact]
    public async Task A_shutdown_ends_the_stream_in_order()
    {
        await using var scene = await ReadingScene.StartAsync();
        await using var stream = await scene.OpenAsync();

        var stopping = scene.Host.StopAsync();

        Assert.Null(await stream.NextAsync());
        Assert.Contains(": the server shuts down, come back", stream.Comments);
        await stopping;
    }

    [Fact]
    public async Task A_shutdown_repeats_nothing_to_a_client_that_was_slow()
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishManyAsync(1);
        var filler = new string('x', 200_000);
        for (var i = 0; i < 150; i++)
        {
            await scene.PublishAsync("t", filler);
        }

        await using var stream = await scene.OpenAsync("?from=0");
        var stopping = scene.Host.StopAsync();
        var ids = new List<string>();
        while (await stream.NextAsync() is { } next)
        {
            ids.Add(next.Id);
        }

        Assert.Contains(": the server shuts down, come back", stream.Comments);
        Assert.InRange(ids.Count, 1, 150);
        Assert.Equal(ids.Distinct(), ids);
        await stopping;
    }

    [Fact]
    public async Task Streams_have_a_limit_and_a_place_becomes_free_again()
    {
        await using var scene = await ReadingScene.StartAsync(options => options with { MaximumEventStreams = 1 });
        await using (await scene.OpenAsync())
        {
            var refused = await scene.Host.SendAsync(HttpMethod.Get, ReadingScene.Path, null, true, ("Accept", "text/event-stream"));
            refused.AssertProblem(503);
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.Equal(200, (await scene.GetAsync("")).Status);
        }

        await scene.Interests.Ended.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var answer = 503;
        while (answer == 503)
        {
            await using var next = await EventStream.OpenAsync(scene.Host.Client, new Uri(scene.Host.Client.BaseAddress!, ReadingScene.Path));
            answer = next.Status;
        }

        Assert.Equal(200, answer);
    }

    [Theory]
    [InlineData("?to=2030-01-01T00:00:00Z", "to")]
    [InlineData("?limit=5", "limit")]
    [InlineData("?after=x", "after")]
    public async Task What_a_stream_cannot_do_is_refused(string query, string where)
    {
        await using var scene = await ReadingScene.StartAsync();

        var answer = await scene.Host.SendAsync(HttpMethod.Get, ReadingScene.Path + query, null, true, ("Accept", "text/event-stream"));

        Assert.Equal(where, answer.AssertProblem(422));
        Assert.Empty(scene.Interests.Open);
    }

    [Fact]
    public async Task A_bad_last_event_id_is_named()
    {
        await using var scene = await ReadingScene.StartAsync();

        var answer = await scene.Host.SendAsync(
            HttpMethod.Get, ReadingScene.Path, null, true, ("Accept", "text/event-stream"), ("Last-Event-ID", "17"));

        Assert.Equal("Last-Event-ID", answer.AssertProblem(422));
    }

    [Fact]
    public async Task A_client_that_does_not_read_costs_no_more_than_one_read()
    {
        await using var scene = await ReadingScene.StartAsync();
        using var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(scene.Host.Client.BaseAddress!.Host, scene.Host.Client.BaseAddress.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"GET {ReadingScene.Path}?from=0 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"), TestContext.Current.CancellationToken);
        var filler = new string('x', 200_000);
        for (var i = 0; i < 400; i++)
        {
            await scene.PublishAsync($"t/{i % 8}", filler);
        }

        // 80 MB were published; more than what the kernel's buffers hold and one read was never taken from the log.
        await using var other = await scene.OpenAsync("?from=0");
        await other.PayloadsAsync(400);
        Assert.InRange(scene.Log.BatchesRead, 401, 600);
    }

    private sealed class SteppedFloors : IRetentionFloors
    {
        public long Floor { get; set; } = long.MinValue;

        public long FloorOf(string product) => Floor;
    }
}
