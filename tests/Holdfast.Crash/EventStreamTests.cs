using System.Text;
using Holdfast.Crash.Clients;
using Holdfast.Crash.Processes;

namespace Holdfast.Crash;

/// <summary>Publishing many and reading a stream over HTTP while the server is killed: nothing is missed and nothing comes twice.</summary>
public sealed class EventStreamTests : IDisposable
{
    private const int Kills = 8;
    private const int Devices = 20;
    private const int Rounds = 250;
    private const int EventsInRequest = 10;
    private const int Total = Rounds * EventsInRequest * 2;

    private readonly TestDirectory _directory = new();
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private int _acknowledged;

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
    }

    [Fact(Timeout = 300_000)]
    public async Task A_stream_misses_nothing_and_repeats_nothing_across_kills()
    {
        var seed = Seed.Choose();
        var random = new Random(seed);
        var cancellationToken = TestContext.Current.CancellationToken;
        var arguments = new ServerArguments(_directory.Data) { HttpPort = FreePorts.Take(), Options = ["--segment-bytes", "256KiB"] };
        var events = new Uri($"http://127.0.0.1:{arguments.HttpPort}/api/v1/products/default/events");
        var reader = new EventStreamReader();
        for (var life = 0; life <= Kills; life++)
        {
            await using var server = await ServerProcess.StartAsync(arguments);
            var reading = reader.ReadAsync(_http, new Uri(events, "?from=0"), Total, cancellationToken);
            var publishing = PublishAsync(events, cancellationToken);
            if (life < Kills)
            {
                await Task.WhenAny(reader.WhenReceivedAsync((life * Total / Kills) + random.Next(Total / Kills / 2)), publishing);
                await server.KillAsync();
            }

            await Task.WhenAll(publishing, reading);
        }

        Assert.Equal(Rounds, _acknowledged);
        Assert.Equal(Kills + 1, reader.Connections);
        Assert.True(reader.Received.DistinctBy(e => e.Id).Count() == reader.Received.Count, $"An event came twice. {Seed.Replay(seed)}");
        var numbers = reader.Received.GroupBy(e => e.Device).ToDictionary(device => device.Key, device => device.Select(e => e.Number).ToArray());
        Assert.Equal(Devices, numbers.Count);
        Assert.All(numbers.Values, device => Assert.Equal(Enumerable.Range(0, Total / Devices), device));
    }

    /// <summary>Publishes from where it was; a request that had no answer is sent again, which is what the sequences are for.</summary>
    private async Task PublishAsync(Uri events, CancellationToken cancellationToken)
    {
        try
        {
            for (; _acknowledged < Rounds; _acknowledged++)
            {
                using var lines = new StringContent(Lines(_acknowledged, 0), Encoding.UTF8, "application/x-ndjson");
                using var array = new StringContent($"[{Lines(_acknowledged, 1).Replace('\n', ',')}]", Encoding.UTF8, "application/json");
                foreach (var content in new[] { lines, array })
                {
                    using var answer = await _http.PostAsync(events, content, cancellationToken);
                    Assert.Equal(202, (int)answer.StatusCode);
                }
            }
        }
        catch (HttpRequestException)
        {
            // Killed.
        }
    }

    private static string Lines(int round, int half)
        => string.Join('\n', Enumerable.Range(half * EventsInRequest, EventsInRequest)
            .Select(device => $$"""{"device":"d{{device}}","name":"e","payload":{{round}},"stream":"s","sequence":{{round}}}"""));
}
