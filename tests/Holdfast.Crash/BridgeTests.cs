using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Holdfast.Crash.Processes;
using MQTTnet;

namespace Holdfast.Crash;

/// <summary>A bridge in both directions between two real brokers, of which ours is killed again and again.</summary>
public sealed class BridgeTests : IDisposable
{
    private const int Kills = 8;
    private const int MostInALife = 300;

    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(60) };

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task Nothing_is_lost_between_two_brokers_when_ours_is_killed()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var data = _directory.Data;
        var seed = Seed.Choose();
        var random = new Random(seed);
        var arguments = new ServerArguments(_directory.Data) { MqttPort = FreePorts.Take(), Options = ["--segment-bytes", "256KiB"] };
        await using var mosquitto = await MosquittoProcess.StartAsync();
        await using var there = await RemoteClient.ConnectAsync(mosquitto.Port, "there", "cloud/#");
        var server = await ServerProcess.StartAsync(arguments);
        try
        {
            await SendAsync(server, data, HttpMethod.Post, "integrations", JsonContent.Create(new
            {
                name = "plant", kind = "bridge", filter = "devices/#", url = $"mqtt://127.0.0.1:{mosquitto.Port}", direction = "both",
                outbound = new { strip = "devices/", add = "cloud/" }, inbound = new[] { new { filter = "plant/#", strip = "plant/", add = "in/" } },
            }), cancellationToken);
            await using var here = await RemoteClient.ConnectAsync(server.MqttPort, "here");
            using var publishing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var acknowledged = new ConcurrentQueue<string>();
            using var counted = new SemaphoreSlim(0);
            var load = Task.WhenAll(
                PublishAsync(here, "devices/d1/events/e", acknowledged, counted, publishing.Token), PublishAsync(there, "plant/d1", acknowledged, counted, publishing.Token));
            for (var kill = 0; kill < Kills; kill++)
            {
                for (var count = random.Next(1, MostInALife); count > 0; count--)
                {
                    await counted.WaitAsync(cancellationToken);
                }

                await server.KillAsync();
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(arguments);
            }

            await publishing.CancelAsync();
            await load;
            var outbound = acknowledged.Where(payload => payload.StartsWith("devices", StringComparison.Ordinal)).ToList();
            var inbound = acknowledged.Where(payload => payload.StartsWith("plant", StringComparison.Ordinal)).ToList();
            Assert.True(outbound.Count > Kills && inbound.Count > Kills, $"{outbound.Count} out, {inbound.Count} in");

            var arrived = new List<MqttApplicationMessage>();
            var missing = outbound.ToHashSet();
            while (missing.Count > 0)
            {
                arrived.Add(await there.Received.ReadAsync(cancellationToken));
                missing.Remove(arrived[^1].ConvertPayloadToString());
            }

            AssertInOrder(arrived.Select(one => one.ConvertPayloadToString()), seed);
            Assert.All(arrived.GroupBy(one => RemoteClient.Property(one, "hf-id")), same => Assert.Single(same.Select(one => one.ConvertPayloadToString()).Distinct()));
            AssertInOrder(await StoredAsync(server, data, inbound.ToHashSet(), cancellationToken), seed);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>One message after the other; which of two attempts was stored may stay unknown, so one of both may be stored twice.</summary>
    private static async Task PublishAsync(RemoteClient client, string topic, ConcurrentQueue<string> acknowledged, SemaphoreSlim counted, CancellationToken cancellationToken)
    {
        try
        {
            for (var number = 0; ; number++)
            {
                var payload = $"{topic} {number}";
                await client.PublishAsync(topic, payload, cancellationToken);
                acknowledged.Enqueue(payload);
                counted.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    private static void AssertInOrder(IEnumerable<string> payloads, int seed)
    {
        var firsts = payloads.Distinct().Select(payload => int.Parse(payload.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.True(firsts.SequenceEqual(firsts.Order()), $"Not in order. {Seed.Replay(seed)}");
    }

    /// <summary>What was stored of the other broker's messages, once nothing is missing.</summary>
    private static async Task<List<string>> StoredAsync(ServerProcess server, string data, HashSet<string> missing, CancellationToken cancellationToken)
    {
        var stored = new List<string>();
        var after = "";
        while (missing.Count > 0)
        {
            var page = await SendAsync(server, data, HttpMethod.Get, $"events?filter=in/%23&limit=10000{after}", null, cancellationToken);
            foreach (var one in page.GetProperty("events").EnumerateArray())
            {
                stored.Add(one.GetProperty("payload").GetString()!);
                missing.Remove(stored[^1]);
            }

            after = $"&after={page.GetProperty("next").GetString()}";
        }

        return stored;
    }

    private static async Task<JsonElement> SendAsync(ServerProcess server, string data, HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri($"http://127.0.0.1:{server.HttpPort}/api/v1/products/default/{path}")) { Content = content };
        var token = await File.ReadAllTextAsync(Path.Combine(data, "admin-token"), cancellationToken);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        using var response = await Http.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonElement.Parse(body);
    }
}
