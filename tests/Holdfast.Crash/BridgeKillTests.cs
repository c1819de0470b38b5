using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Holdfast.Crash.Processes;

namespace Holdfast.Crash;

/// <summary>
/// A bridge between a server and a mosquitto, both real processes that are killed at random moments, while devices publish on either side: what was acknowledged on one side arrives on the
/// other, the messages of a device in order, and what comes twice has the same event id.
/// </summary>
public sealed class BridgeKillTests : IDisposable
{
    private const int Devices = 3;
    private const int MostAcknowledgementsInALife = 200;

    private readonly TestDirectory _directory = new();
    private readonly ConcurrentDictionary<string, int> _acknowledged = [];
    private readonly ConcurrentQueue<(string Topic, int Number, string? Id)> _arrivedThere = [];
    private readonly SemaphoreSlim _progress = new(0);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int AcknowledgedCount => _acknowledged.Values.Sum();

    public void Dispose()
    {
        _progress.Dispose();
        _directory.Dispose();
    }

    [Fact(Timeout = 300_000)]
    public Task Nothing_is_missing_after_kills_of_either_side() => RunAsync(kills: 6, TestContext.Current.CancellationToken);

    [Fact(Timeout = 1_500_000)]
    [Trait("Category", "Long")]
    public Task Nothing_is_missing_after_many_kills_of_either_side() => RunAsync(kills: 80, TestContext.Current.CancellationToken);

    private async Task RunAsync(int kills, CancellationToken cancellationToken)
    {
        var seed = Seed.Choose();
        var random = new Random(seed);
        var arguments = new ServerArguments(_directory.Data) { MqttPort = FreePorts.Take(), HttpPort = FreePorts.Take(), Options = ["--segment-bytes", "256KiB"] };
        await using var mosquitto = await MosquittoProcess.StartAsync();
        var server = await ServerProcess.StartAsync(arguments);
        try
        {
            await using var reader = await RemoteClient.ConnectAsync(mosquitto.Port, "reader", "cloud/#");
            var reading = ReadAsync(reader);
            await AddBridgeAsync(server, mosquitto.Port);
            await SubscribedThereAsync(server, mosquitto.Port);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task[] publishing = [.. Enumerable.Range(0, Devices).SelectMany(device => new[]
            {
                PublishAsync(server.MqttPort, $"devices/d{device}/events/e", isSaved: false, stop.Token),
                PublishAsync(mosquitto.Port, $"plant/d{device}", isSaved: true, stop.Token),
            })];
            for (var kill = 0; kill < kills; kill++)
            {
                await UntilAsync(AcknowledgedCount + 1 + random.Next(MostAcknowledgementsInALife));
                server = await KillAsync(random.Next(3), server, arguments, mosquitto);
            }

            await stop.CancelAsync();
            await Task.WhenAll(publishing);
            await ArrivedThereAsync(seed);
            await JudgeHereAsync(server, seed);
            Assert.False(reading.IsCompleted, "The reader has ended.");
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static string TopicThere(int device) => $"cloud/d{device}/events/e";

    /// <summary>Numbers in the order in which each was seen first.</summary>
    private static List<int> FirstSeen(IEnumerable<int> numbers) => [.. numbers.Distinct()];

    private static void Judge(string topic, IEnumerable<int> arrived, int acknowledged, int seed)
    {
        var seen = FirstSeen(arrived);
        var missing = Enumerable.Range(0, acknowledged).Except(seen).ToList();
        Assert.True(missing.Count == 0, $"{topic}: {missing.Count} of {acknowledged} are missing: {string.Join(' ', missing.Take(20))}; {Seed.Replay(seed)}");
        Assert.True(seen.SequenceEqual(seen.Order()), $"{topic}: not in order; {Seed.Replay(seed)}");
    }

    /// <summary>SIGKILL of the server, of mosquitto or of both, and their return.</summary>
    private async Task<ServerProcess> KillAsync(int victims, ServerProcess server, ServerArguments arguments, MosquittoProcess mosquitto)
    {
        if (victims != 1)
        {
            await server.KillAsync();
            await server.DisposeAsync();
        }

        if (victims != 0)
        {
            await mosquitto.KillAsync();
            await mosquitto.RunAsync();
        }

        server = victims == 1 ? server : await ServerProcess.StartAsync(arguments);
        if (victims != 0)
        {
            // A mosquitto may lose what it has just acknowledged to the bridge, unless the reader has it on its socket: so no kill before the reader is back.
            var before = _arrivedThere.Count;
            while (_arrivedThere.Count <= before)
            {
                await _progress.WaitAsync(Cancellation);
            }
        }

        return server;
    }

    private Task AddBridgeAsync(ServerProcess server, int port) => HttpSide.AddIntegrationAsync(
        server,
        _directory.Data,
        new
        {
            name = "plant",
            kind = "bridge",
            filter = "devices/#",
            url = $"mqtt://127.0.0.1:{port}",
            direction = "both",
            outbound = new { strip = "devices/", add = "cloud/" },
            inbound = new[] { new { filter = "plant/#", strip = "plant/", add = "in/" } },
        },
        Cancellation);

    /// <summary>Until the bridge has subscribed for the first time, mosquitto keeps nothing for it.</summary>
    private static async Task SubscribedThereAsync(ServerProcess server, int port)
    {
        await using var client = await RemoteClient.ConnectAsync(port, "probe");
        do
        {
            await client.PublishAsync("plant/probe", "", Cancellation);
        }
        while ((await HttpSide.EventsAsync(server, "in/probe", Cancellation)).Count == 0);
    }

    /// <summary>Publishes numbers, each once the one before is acknowledged.</summary>
    private async Task PublishAsync(int port, string topic, bool isSaved, CancellationToken stop)
    {
        await using var client = await RemoteClient.ConnectAsync(port, topic.Replace('/', '-'));
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var payload = number.ToString(CultureInfo.InvariantCulture);
            await (isSaved ? client.PublishSavedAsync(topic, payload, Cancellation) : client.PublishAsync(topic, payload, Cancellation));
            _acknowledged[topic] = number + 1;
            _progress.Release();
        }
    }

    private async Task ReadAsync(RemoteClient reader)
    {
        await foreach (var message in reader.Received.ReadAllAsync(Cancellation))
        {
            _arrivedThere.Enqueue((message.Topic, int.Parse(Encoding.ASCII.GetString(message.Payload), CultureInfo.InvariantCulture), RemoteClient.Property(message, "hf-id")));
            _progress.Release();
        }
    }

    private async Task UntilAsync(int acknowledged)
    {
        while (AcknowledgedCount < acknowledged)
        {
            await _progress.WaitAsync(Cancellation);
        }
    }

    private async Task ArrivedThereAsync(int seed)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        try
        {
            while (Enumerable.Range(0, Devices).Any(device => NumbersThere(device).Distinct().Count() < _acknowledged[$"devices/d{device}/events/e"]))
            {
                await _progress.WaitAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            // What is missing now is lost, as far as anybody can tell.
        }

        foreach (var device in Enumerable.Range(0, Devices))
        {
            Judge(TopicThere(device), NumbersThere(device), _acknowledged[$"devices/d{device}/events/e"], seed);
        }

        var twofold = _arrivedThere.GroupBy(one => one.Id).FirstOrDefault(same => same.Select(one => (one.Topic, one.Number)).Distinct().Count() > 1);
        Assert.True(twofold is null, $"The event id {twofold?.Key} has come with different contents; {Seed.Replay(seed)}");
    }

    private IEnumerable<int> NumbersThere(int device) => _arrivedThere.Where(one => one.Topic == TopicThere(device)).Select(one => one.Number);

    private async Task JudgeHereAsync(ServerProcess server, int seed)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        foreach (var device in Enumerable.Range(0, Devices))
        {
            var acknowledged = _acknowledged[$"plant/d{device}"];
            List<int> stored;
            do
            {
                var events = await HttpSide.EventsAsync(server, $"in/d{device}", Cancellation);
                stored = [.. events.Select(one => int.Parse(one.GetProperty("payload").ToString(), CultureInfo.InvariantCulture))];
            }
            while (stored.Distinct().Count() < acknowledged && !limit.IsCancellationRequested);

            Judge($"in/d{device}", stored, acknowledged, seed);
        }
    }
}
