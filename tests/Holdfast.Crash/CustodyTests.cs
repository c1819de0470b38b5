using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Holdfast.Crash.Processes;

namespace Holdfast.Crash;

/// <summary>
/// Custody after SIGKILLs of the server and of its receiver, both real processes. The receiver is a second server: its log is a journal of what arrived that the first
/// knows nothing of.
/// </summary>
public sealed class CustodyTests : IDisposable
{
    private const int Kills = 4;
    private const int Devices = 20;
    private const int Rounds = 150;
    private const int Total = Devices * Rounds;

    private readonly TestDirectory _directory = new();
    private readonly TestDirectory _receiverDirectory = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private int _acknowledged;

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
        _receiverDirectory.Dispose();
    }

    [Fact(Timeout = 300_000)]
    public async Task After_kills_of_server_and_receiver_custody_says_what_the_receiver_has()
    {
        var seed = Seed.Choose();
        var random = new Random(seed);
        var cancellationToken = TestContext.Current.CancellationToken;
        var arguments = new ServerArguments(_directory.Data) { HttpPort = FreePorts.Take(), Options = ["--segment-bytes", "256KiB"] };
        var receiverArguments = new ServerArguments(_receiverDirectory.Data) { HttpPort = FreePorts.Take() };
        var receiver = await ServerProcess.StartAsync(receiverArguments);
        var server = await ServerProcess.StartAsync(arguments);
        try
        {
            await AddWebhookAsync(server, receiver, cancellationToken);
            for (var kill = 0; kill <= Kills; kill++)
            {
                var goal = kill == Kills ? Rounds : Math.Min(Rounds, _acknowledged + 1 + random.Next(2 * Rounds / Kills));
                await PublishAsync(server, goal, cancellationToken);
                if (kill == Kills)
                {
                    break;
                }

                var victims = random.Next(3);
                receiver = victims == 0 ? receiver : await RestartAsync(receiver, receiverArguments);
                server = victims == 1 ? server : await RestartAsync(server, arguments);
                await SendAsync(HttpMethod.Patch, server, "integrations/mirror", new { paused = false }, cancellationToken);
            }

            var custody = await SettledAsync(server, cancellationToken);
            var arrived = await ArrivedAsync(receiver, cancellationToken);
            Judge(custody, arrived, seed);
            await JudgeTracesAsync(server, arrived, random, cancellationToken);
        }
        finally
        {
            await server.DisposeAsync();
            await receiver.DisposeAsync();
        }
    }

    private static Uri Address(ServerProcess server, string path) => new($"http://127.0.0.1:{server.HttpPort}/api/v1/products/default/{path}");

    private static async Task<ServerProcess> RestartAsync(ServerProcess server, ServerArguments arguments)
    {
        await server.KillAsync();
        await server.DisposeAsync();
        return await ServerProcess.StartAsync(arguments);
    }

    private static void Judge(JsonElement custody, IReadOnlyCollection<string> arrived, int seed)
    {
        var events = custody.GetProperty("events");
        var hook = custody.GetProperty("integrations").EnumerateArray().Single();
        var context = $"{custody.GetProperty("summary").GetString()}; {Seed.Replay(seed)}";
        Assert.True(events.GetProperty("accepted").GetInt64() == Total, context);
        Assert.True(events.GetProperty("published").GetInt64() == Total, context);
        Assert.True(events.GetProperty("missing").GetInt64() == 0, context);
        Assert.True(hook.GetProperty("lost").GetInt64() + hook.GetProperty("recordsLost").GetInt64() == 0, context);
        Assert.True(hook.GetProperty("confirmed").GetInt64() == 0, $"A cursor was ahead of the journal: {context}");
        Assert.True(hook.GetProperty("delivered").GetInt64() == Total, context);
        Assert.True(arrived.Distinct().Count() == Total, $"{arrived.Distinct().Count()} arrived; {context}");
        Assert.StartsWith("0 lost, ", custody.GetProperty("summary").GetString(), StringComparison.Ordinal);
    }

    private Task AddWebhookAsync(ServerProcess server, ServerProcess receiver, CancellationToken cancellationToken)
        => SendAsync(
            HttpMethod.Post,
            server,
            "integrations",
            new
            {
                name = "mirror",
                kind = "webhook",
                filter = "devices/+/events/#",
                url = Address(receiver, "events"),
                body = "template",
                template = """{"topic":"arrived","payload":"{{id}}"}""",
            },
            cancellationToken);

    /// <summary>Manages integrations. A change begins the attempts anew, so that no test waits for the pauses that a dead receiver has earned.</summary>
    private async Task SendAsync(HttpMethod method, ServerProcess server, string path, object body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, Address(server, path));
        var token = await File.ReadAllTextAsync(Path.Combine(_directory.Data, "admin-token"), cancellationToken);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        request.Content = JsonContent.Create(body);
        using var response = await _http.SendAsync(request, cancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>Publishes up to a round; a request that was refused, since the disk is slow now, is sent again, which is what the sequences are for.</summary>
    private async Task PublishAsync(ServerProcess server, int rounds, CancellationToken cancellationToken)
    {
        while (_acknowledged < rounds)
        {
            using var content = new StringContent(
                string.Join('\n', Enumerable.Range(0, Devices).Select(device
                    => $$"""{"device":"d{{device}}","name":"e","payload":{{_acknowledged}},"stream":"s","sequence":{{_acknowledged + 1}}}""")),
                Encoding.UTF8, "application/x-ndjson");
            using var answer = await _http.PostAsync(Address(server, "events"), content, cancellationToken);
            var status = (int)answer.StatusCode;
            Assert.True(status is 202 or 503, $"The publish was answered with {status}.");
            _acknowledged += status == 202 ? 1 : 0;
        }
    }

    /// <summary>The report once nothing waits any more.</summary>
    private async Task<JsonElement> SettledAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        while (true)
        {
            var custody = await GetAsync(server, "custody?late=30", cancellationToken);
            if (custody.GetProperty("integrations").EnumerateArray().Single().GetProperty("waiting").GetInt64() == 0)
            {
                return custody;
            }
        }
    }

    private async Task<List<string>> ArrivedAsync(ServerProcess receiver, CancellationToken cancellationToken)
    {
        var arrived = new List<string>();
        var page = await GetAsync(receiver, "events?filter=arrived&limit=10000", cancellationToken);
        while (true)
        {
            arrived.AddRange(page.GetProperty("events").EnumerateArray().Select(one => one.GetProperty("payload").GetString()!));
            if (!page.GetProperty("more").GetBoolean())
            {
                return arrived;
            }

            page = await GetAsync(receiver, $"events?filter=arrived&limit=10000&after={page.GetProperty("next").GetString()}", cancellationToken);
        }
    }

    /// <summary>What arrived more than once was attempted at least as often, as far as the journal can know: the last moment before a kill may be missing, never the delivery.</summary>
    private async Task JudgeTracesAsync(ServerProcess server, List<string> arrived, Random random, CancellationToken cancellationToken)
    {
        foreach (var id in random.GetItems([.. arrived], 20))
        {
            var delivery = (await GetAsync(server, $"events/{id}/trace", cancellationToken)).GetProperty("deliveries").EnumerateArray().Single();
            Assert.Equal("delivered", delivery.GetProperty("outcome").GetString());
            Assert.Contains(delivery.GetProperty("attempts").EnumerateArray(), attempt => attempt.GetProperty("status").GetInt32() == 202);
        }
    }

    private async Task<JsonElement> GetAsync(ServerProcess server, string path, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(Address(server, path), cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {body}");
        return JsonElement.Parse(body);
    }
}
