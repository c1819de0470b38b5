using System.Text.Json;
using Holdfast.Api.Tests.Support;

namespace Holdfast.Api.Tests.Reading;

public sealed class LastEventsTests
{
    [Fact]
    public async Task The_last_event_of_each_topic_is_given_and_a_stream_goes_on_from_there()
    {
        await using var scene = await ReadingScene.StartAsync();
        for (var number = 0; number < 30; number++)
        {
            await scene.PublishAsync($"devices/d{number % 3}/events/{(number % 2 == 0 ? "even" : "odd")}", new string('x', 40 - number) + number);
        }

        await scene.PublishAsync("devices/d1/events/even", "of another product", product: "other");

        var answer = await GetAsync(scene, "");
        Assert.Equal(
            ["devices/d0/events/even 24", "devices/d0/events/odd 27", "devices/d1/events/even 28", "devices/d1/events/odd 25", "devices/d2/events/even 26", "devices/d2/events/odd 29"],
            Summary(answer));
        Assert.Equal(["devices/d1/events/even 28", "devices/d1/events/odd 25"], Summary(await GetAsync(scene, "?device=d1")));
        Assert.Equal(["devices/d2/events/odd 29"], Summary(await GetAsync(scene, "?filter=devices/d2/events/odd")));
        Assert.Empty(Summary(await GetAsync(scene, "?filter=nothing")));

        await scene.PublishAsync("devices/d0/events/odd", "next");
        await using var stream = await scene.OpenAsync($"?after={answer.GetProperty("next").GetString()}");
        Assert.Equal(["next"], await stream.PayloadsAsync(1));
    }

    [Fact]
    public async Task What_has_expired_is_left_out_and_what_is_damaged_is_told()
    {
        await using var scene = await ReadingScene.StartAsync();
        await scene.PublishAsync("a", "old", expirySeconds: 1);
        await scene.PublishAsync("b", "lost");
        await scene.PublishAsync("c", "here");
        var lost = Enumerable.Range(0, 4).Single(p => Partition("b") == p);
        scene.Log.Damage(lost, scene.Log.CommittedOffset(lost) - (Partition("c") == lost ? 2 : 1), scene.Log.CommittedOffset(lost) - (Partition("c") == lost ? 1 : 0));

        var answer = await GetAsync(scene, "");

        Assert.Equal(["c here"], Summary(answer));
        Assert.Equal("damaged", Assert.Single(answer.GetProperty("gaps").EnumerateArray()).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Too_many_topics_are_refused_and_fewer_of_them_are_not()
    {
        await using var scene = await ReadingScene.StartAsync();
        foreach (var part in Enumerable.Range(0, 10_001).Select(number => $$"""{"topic":"{{number % 2}}/{{number}}","payload":""}""").Chunk(5001))
        {
            Assert.Equal(202, (await scene.Host.SendAsync(HttpMethod.Post, ReadingScene.Path, ApiHost.Json($"[{string.Join(',', part)}]"))).Status);
        }

        await scene.PublishAsync("1/last", "");
        (await scene.GetAsync("/last")).AssertProblem(413);
        Assert.Equal(5001, (await GetAsync(scene, "?filter=1/%23")).GetProperty("events").GetArrayLength());
    }

    private static int Partition(string topic)
    {
        var key = System.Text.Encoding.UTF8.GetBytes(topic);
        return Log.Partitions.Partitioning.PartitionOf(Log.Partitions.Partitioning.KeyHash("default"u8, key), 4);
    }

    private static async Task<JsonElement> GetAsync(ReadingScene scene, string query)
    {
        var answer = await scene.GetAsync("/last" + query);
        Assert.True(answer.Status == 200, answer.Body);
        return answer.Json;
    }

    private static IEnumerable<string> Summary(JsonElement answer)
        => answer.GetProperty("events").EnumerateArray().Select(e => $"{e.GetProperty("topic").GetString()} {e.GetProperty("payload").GetString()!.TrimStart('x')}");
}
