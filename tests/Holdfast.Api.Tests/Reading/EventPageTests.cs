using System.Text.Json;
using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Events;

namespace Holdfast.Api.Tests.Reading;

public sealed class EventPageTests
{
    [Fact]
    public async Task An_event_is_read_as_it_was_published()
    {
        await using var scene = await ReadingScene.StartAsync();
        var id = await scene.PublishAsync("devices/pump-7/events/pressure", """{"bar": 9.6}""", contentType: "application/json");

        var page = await scene.GetAsync("");

        Assert.Equal((200, "application/json"), (page.Status, page.ContentType));
        var read = Assert.Single(page.Json.GetProperty("events").EnumerateArray());
        var document = EventDocument.Parse(System.Text.Encoding.UTF8.GetBytes(read.GetRawText()));
        Assert.Equal((id, "default", "pump-7", "pressure", PayloadEncoding.Json), (document.Id, document.Product, document.Device, document.Name, document.PayloadEncoding));
        Assert.Equal(9.6, document.Payload.GetProperty("bar").GetDouble());
        Assert.False(page.Json.GetProperty("more").GetBoolean());
        Assert.Empty(page.Json.GetProperty("gaps").EnumerateArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task Pages_of_any_size_give_every_event_once_and_each_device_in_order(int limit)
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishManyAsync(60);

        var read = await ReadAllAsync(scene, $"?limit={limit}");

        Assert.Equal(Enumerable.Range(0, 60), read.Order());
        foreach (var device in read.GroupBy(number => number % 12))
        {
            Assert.Equal(device.Order(), device);
        }
    }

    [Theory]
    [InlineData("?filter=devices/d3/events/%23", "3 15 27")]
    [InlineData("?filter=devices/d3/%23&limit=2", "3 15 27")]
    [InlineData("?device=d3", "3 15 27")]
    [InlineData("?device=d3&filter=devices/%2B/commands/%23", "")]
    [InlineData("?filter=devices/%2B/commands/%23", "")]
    [InlineData("?device=nobody", "")]
    [InlineData("?filter=d3", "alone")]
    public async Task A_page_holds_what_the_filter_and_the_device_say(string query, string expected)
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishManyAsync(36);
        await scene.PublishAsync("d3", "alone");
        await scene.PublishAsync("devices/d3/events/e", "of another product", product: "other");

        var payloads = new List<string>();
        await foreach (var page in PagesAsync(scene, query))
        {
            payloads.AddRange(page.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("payload").GetString()!));
        }

        Assert.Equal(expected, string.Join(' ', payloads));
    }

    [Fact]
    public async Task A_cursor_of_one_device_is_short_and_cannot_be_used_for_all()
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishManyAsync(12);

        var cursor = (await scene.GetAsync("?device=d1")).Json.GetProperty("next").GetString()!;

        Assert.Equal(28, cursor.Length);
        Assert.Equal("after", (await scene.GetAsync($"?after={cursor}")).AssertProblem(422));
        Assert.Equal(200, (await scene.GetAsync($"?device=d1&after={cursor}")).Status);
        var ofAll = (await scene.GetAsync("")).Json.GetProperty("next").GetString()!;
        Assert.Equal(200, (await scene.GetAsync($"?device=d1&after={ofAll}")).Status);
    }

    [Fact]
    public async Task Times_are_of_receipt_the_first_included_and_the_last_not()
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishManyAsync(20);
        var all = (await scene.GetAsync("")).Json.GetProperty("events").EnumerateArray()
            .Select(e => (Time: e.GetProperty("receivedAt").GetString()!, Payload: e.GetProperty("payload").GetString()!)).ToArray();
        var times = all.Select(e => e.Time).Distinct().Order(StringComparer.Ordinal).ToArray();
        var (from, to) = (times[times.Length / 3], times[^1]);

        var read = await ReadAllAsync(scene, $"?limit=3&from={from}&to={to}");

        Assert.Equal(
            all.Where(e => string.CompareOrdinal(e.Time, from) >= 0 && string.CompareOrdinal(e.Time, to) < 0).Select(e => int.Parse(e.Payload, null)).Order(),
            read.Order());
        var later = DateTimeOffset.Parse(times[^1], null).AddMilliseconds(1).ToUnixTimeMilliseconds();
        Assert.Empty((await scene.GetAsync($"?from={later}")).Json.GetProperty("events").EnumerateArray());
    }

    [Fact]
    public async Task What_retention_removed_and_what_is_damaged_is_told()
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishManyAsync(1, devices: 1);
        var start = (await scene.GetAsync("?device=d0")).Json.GetProperty("next").GetString();
        await scene.PublishManyAsync(9, devices: 1, first: 1);
        var partition = Enumerable.Range(0, 4).Single(p => scene.Log.CommittedOffset(p) > 5);
        var last = scene.Log.CommittedOffset(partition);
        scene.Log.Trim(partition, last - 5);
        scene.Log.Damage(partition, last - 2, last - 1);

        var gaps = new List<(string, long)>();
        var payloads = new List<string>();
        await foreach (var page in PagesAsync(scene, $"?device=d0&after={start}"))
        {
            gaps.AddRange(page.GetProperty("gaps").EnumerateArray().Select(g => (g.GetProperty("reason").GetString()!, g.GetProperty("records").GetInt64())));
            payloads.AddRange(page.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("payload").GetString()!));
        }

        Assert.Equal(["trimmed", "damaged"], gaps.Select(g => g.Item1));
        Assert.Equal((last - 6, 1L), (gaps[0].Item2 + (scene.Log.FirstOffset(partition) - (last - 5)), gaps[1].Item2));
        Assert.Equal(["5", "6", "7", "9"], payloads);
    }

    [Fact]
    public async Task An_expired_event_is_left_out()
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishAsync("t", "old", expirySeconds: 1);
        await scene.PublishAsync("t", "new");

        var page = await scene.GetAsync("");

        Assert.Equal("new", Assert.Single(page.Json.GetProperty("events").EnumerateArray()).GetProperty("payload").GetString());
    }

    [Theory]
    [InlineData("?filter=a/%23/b", "filter")]
    [InlineData("?filter=", "filter")]
    [InlineData("?filter=$share/g/a", "filter")]
    [InlineData("?device=a/b", "device")]
    [InlineData("?device=", "device")]
    [InlineData("?from=yesterday", "from")]
    [InlineData("?to=-1", "to")]
    [InlineData("?from=2000&to=2000", "to")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=10001", "limit")]
    [InlineData("?limit=99999999999999999999", "limit")]
    [InlineData("?limit=-5", "limit")]
    [InlineData("?after=", "after")]
    [InlineData("?after=xyz", "after")]
    [InlineData("?after=////////////////////////////", "after")]
    [InlineData("?filtre=a", "filtre")]
    [InlineData("?filter=a&filter=b", "filter")]
    public async Task A_parameter_that_is_wrong_is_named(string query, string where)
    {
        await using var scene = await ReadingScene.StartAsync();

        Assert.Equal(where, (await scene.GetAsync(query)).AssertProblem(422));
    }

    [Fact]
    public async Task A_filter_with_too_many_levels_is_refused()
    {
        await using var scene = await ReadingScene.StartAsync();

        Assert.Equal("filter", (await scene.GetAsync("?filter=" + string.Concat(Enumerable.Repeat("%2B/", 500)) + "%23")).AssertProblem(422));
    }

    [Fact]
    public async Task A_cursor_of_another_store_is_gone()
    {
        await using var other = await ReadingScene.StartAsync(incarnation: "other");
        await using var scene = await ReadingScene.StartAsync();
        var cursor = (await other.GetAsync("")).Json.GetProperty("next").GetString();

        Assert.Equal("after", (await scene.GetAsync($"?after={cursor}")).AssertProblem(410));
    }

    [Fact]
    public async Task A_cursor_behind_the_end_of_the_log_was_not_made_here()
    {
        await using var ahead = await ReadingScene.StartAsync();
        await ahead.PublishManyAsync(12);
        await using var scene = await ReadingScene.StartAsync();
        var cursor = (await ahead.GetAsync("")).Json.GetProperty("next").GetString();

        Assert.Equal("after", (await scene.GetAsync($"?after={cursor}")).AssertProblem(422));
    }

    [Fact]
    public async Task An_event_that_comes_later_is_on_the_page_after_the_last()
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishManyAsync(30);
        var cursor = "";
        await foreach (var page in PagesAsync(scene, "?limit=10"))
        {
            cursor = page.GetProperty("next").GetString();
        }

        await scene.PublishManyAsync(5, first: 30);

        Assert.Equal([30, 31, 32, 33, 34], (await ReadAllAsync(scene, $"?after={cursor}")).Order());
    }

    [Fact]
    public async Task A_client_that_accepts_neither_form_is_told_so()
    {
        await using var scene = await ReadingScene.StartAsync();

        Assert.Equal("Accept", (await scene.Host.SendAsync(HttpMethod.Get, ReadingScene.Path, null, true, ("Accept", "text/html"))).AssertProblem(406));
        Assert.Equal("application/json", (await scene.Host.SendAsync(HttpMethod.Get, ReadingScene.Path, null, true, ("Accept", "text/html, */*;q=0.8"))).ContentType);
    }

    [Fact]
    public async Task Another_product_needs_the_token()
    {
        await using var scene = await ReadingScene.StartAsync();

        Assert.Equal(200, (await scene.Host.SendAsync(HttpMethod.Get, ReadingScene.Path, withToken: false)).Status);
        (await scene.Host.SendAsync(HttpMethod.Get, "/api/v1/products/other/events", withToken: false)).AssertProblem(401);
    }

    private static async Task<List<int>> ReadAllAsync(ReadingScene scene, string query)
    {
        var numbers = new List<int>();
        await foreach (var page in PagesAsync(scene, query))
        {
            numbers.AddRange(page.GetProperty("events").EnumerateArray().Select(e => int.Parse(e.GetProperty("payload").GetString()!, null)));
        }

        return numbers;
    }

    private static async IAsyncEnumerable<JsonElement> PagesAsync(ReadingScene scene, string query)
    {
        for (var after = ""; ;)
        {
            var answer = await scene.GetAsync(after.Length == 0 ? query : WithCursor(query, after));
            Assert.True(answer.Status == 200, answer.Body);
            yield return answer.Json;
            if (!answer.Json.GetProperty("more").GetBoolean())
            {
                yield break;
            }

            after = answer.Json.GetProperty("next").GetString()!;
        }
    }

    private static string WithCursor(string query, string cursor)
        => string.Join('&', [.. query.Split('&').Where(part => !part.StartsWith("after=", StringComparison.Ordinal) && !part.StartsWith("?after=", StringComparison.Ordinal)), $"after={cursor}"]) is var joined
            && joined.StartsWith('?') ? joined : "?" + joined;
}
