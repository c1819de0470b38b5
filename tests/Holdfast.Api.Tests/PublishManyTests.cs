using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Publishing;

namespace Holdfast.Api.Tests;

public sealed class PublishManyTests
{
    private const string Path = "/api/v1/products/default/events";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_events_are_published_in_order_and_each_has_its_answer(bool asLines)
    {
        await using var host = await ApiHost.StartAsync();
        host.Node.ResultOf = message => new PublishResult(
            Text(message) == "1" ? PublishStatus.Duplicate : PublishStatus.Committed, Text(message) == "1" ? null : $"run1-0-{Text(message)}", "");

        var answer = await SendAsync(host, asLines, Enumerable.Range(0, 3).Select(Event));

        Assert.Equal(
            (202, """{"stored":2,"duplicates":1,"failed":0,"events":[{"id":"run1-0-0","duplicate":false},{"id":null,"duplicate":true},{"id":"run1-0-2","duplicate":false}]}"""),
            (answer.Status, answer.Body));
        Assert.Equal(["0", "1", "2"], host.Node.Published.Select(Text));
        Assert.Equal(("devices/d/events/e", "s", 2ul), (host.Node.Published[2].Topic, host.Node.Published[2].Stream, host.Node.Published[2].Sequence));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ten_thousand_events_and_not_one_more(bool asLines)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await SendAsync(host, asLines, Enumerable.Range(0, 10_000).Select(Event));
        Assert.Equal((202, 10_000), (answer.Status, answer.Json.GetProperty("stored").GetInt32()));
        Assert.Equal(Enumerable.Range(0, 10_000), host.Node.Published.Select(message => int.Parse(Text(message), null)));
        host.Node.Published.Clear();

        var more = await SendAsync(host, asLines, Enumerable.Range(0, 10_001).Select(Event));
        if (asLines)
        {
            Assert.Equal((207, 10_000, 1), (more.Status, more.Json.GetProperty("stored").GetInt32(), more.Json.GetProperty("failed").GetInt32()));
            Assert.Equal(413, more.Json.GetProperty("events")[10_000].GetProperty("problem").GetProperty("status").GetInt32());
        }
        else
        {
            more.AssertProblem(413);
            Assert.Empty(host.Node.Published);
        }
    }

    [Fact]
    public async Task An_array_with_a_mistake_stores_nothing()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await SendAsync(host, asLines: false, [Event(0), Event(1), """{"topic":"t","payload":"x","qos":9}"""]);

        Assert.Equal("[2].qos", answer.AssertProblem(422));
        Assert.Equal("[1]", (await SendAsync(host, asLines: false, [Event(0), "7"])).AssertProblem(400));
        Assert.Empty(host.Node.Published);
    }

    [Fact]
    public async Task Lines_before_a_mistake_are_stored_and_the_rest_is_not_begun()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await SendAsync(host, asLines: true, [Event(0), "", "  ", Event(1), "{\"topic\":", Event(3)]);

        Assert.Equal((207, 2, 1), (answer.Status, answer.Json.GetProperty("stored").GetInt32(), answer.Json.GetProperty("failed").GetInt32()));
        var items = answer.Json.GetProperty("events");
        Assert.Equal((3, 400), (items.GetArrayLength(), items[2].GetProperty("problem").GetProperty("status").GetInt32()));
        Assert.Equal(["0", "1"], host.Node.Published.Select(Text));
        Assert.Equal("[0].payload", (await SendAsync(host, asLines: true, ["""{"topic":"t"}""", Event(1)])).AssertProblem(422));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_event_that_the_node_refuses_is_said_to_be_the_one(bool asLines)
    {
        await using var host = await ApiHost.StartAsync();
        host.Node.ResultOf = message => Text(message) == "2" ? new PublishResult(PublishStatus.Full, null, "no room") : null;

        var answer = await SendAsync(host, asLines, Enumerable.Range(0, 5).Select(Event));

        Assert.Equal(207, answer.Status);
        Assert.Equal((2, 1, 3), (answer.Json.GetProperty("stored").GetInt32(), answer.Json.GetProperty("failed").GetInt32(), answer.Json.GetProperty("events").GetArrayLength()));
        Assert.Equal("no room", answer.Json.GetProperty("events")[2].GetProperty("problem").GetProperty("detail").GetString());
        host.Node.Result = new PublishResult(PublishStatus.NotCommitting, null, "stalled");
        host.Node.ResultOf = null;
        Assert.Equal("[0]", (await SendAsync(host, asLines, Enumerable.Range(0, 5).Select(Event))).AssertProblem(503));
    }

    [Fact]
    public async Task A_sequence_in_the_headers_is_for_one_event()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.PublishAsync($"[{Event(0)}]", true, ("Holdfast-Stream", "s"), ("Holdfast-Sequence", "1"));

        Assert.Equal("Holdfast-Stream", answer.AssertProblem(422));
    }

    [Theory]
    [InlineData("\n \n")]
    [InlineData("")]
    public async Task Lines_without_an_event_are_refused(string body)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.SendAsync(HttpMethod.Post, Path, Lines(body))).AssertProblem(400);
    }

    [Fact]
    public async Task A_line_without_end_is_refused_before_its_end()
    {
        await using var host = await ApiHost.StartAsync(options => options with { MaximumPayloadBytes = 1000 });
        using var client = new TcpClient();
        await client.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port, TestContext.Current.CancellationToken);
        var endless = $"POST {Path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n11000\r\n" + new string('x', 0x11000) + "\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(endless), TestContext.Current.CancellationToken);

        using var answer = new StreamReader(client.GetStream());
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await answer.ReadLineAsync(deadline.Token));
    }

    [Fact]
    public async Task Sent_again_they_are_duplicates_and_nothing_is_stored_twice()
    {
        await using var scene = await ReadingScene.StartAsync();
        var events = Enumerable.Range(0, 200).Select(Event).ToArray();

        Assert.Equal(200, (await SendAsync(scene.Host, asLines: true, events)).Json.GetProperty("stored").GetInt32());
        var again = await SendAsync(scene.Host, asLines: false, events);

        Assert.Equal((202, 0, 200), (again.Status, again.Json.GetProperty("stored").GetInt32(), again.Json.GetProperty("duplicates").GetInt32()));
        await scene.PublishAsync("devices/d/events/last", "last");
        var page = await scene.GetAsync("?device=d&limit=1000");
        Assert.Equal(
            [.. Enumerable.Range(0, 200).Select(number => $"{number}"), "last"],
            page.Json.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("payload").GetString()));
    }

    private static string Event(int number) => $$"""{"device":"d","name":"e","payload":"{{number}}","stream":"s","sequence":{{number}}}""";

    private static string Text(EventToPublish message) => Encoding.UTF8.GetString(message.Payload.Span);

    private static Task<Answer> SendAsync(ApiHost host, bool asLines, IEnumerable<string> events)
        => host.SendAsync(HttpMethod.Post, Path, asLines ? Lines(string.Join('\n', events)) : ApiHost.Json($" \n [{string.Join(',', events)}]"));

    private static StringContent Lines(string text) => new(text, Encoding.UTF8) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson") } };
}
