using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Holdfast.Broker.Integrations;
using Holdfast.WebhookBench;

// Measures webhooks against a receiver in the same process: what is published while the integration is paused is delivered as fast as it can be.
//   dotnet run -c Release --project bench/Holdfast.WebhookBench -- [single|batched|replay|many]
string[] scenarios = args.Length > 0 ? args : ["single", "batched", "replay", "many"];
foreach (var scenario in scenarios)
{
    await (scenario switch
    {
        "single" => DrainAsync("single", 100_000, """ "concurrency":64 """),
        "batched" => DrainAsync("batched", 1_000_000, """ "maxBatch":500,"concurrency":8 """),
        "replay" => ReplayAsync(2_000_000),
        "many" => ManyAsync(),
        _ => throw new ArgumentException($"There is no scenario '{scenario}'."),
    });
}

static async Task DrainAsync(string name, int events, string settings)
{
    using var receiver = new Receiver();
    await using var node = await BenchNode.StartAsync();
    await node.AddAsync("hook", "#", $$"""{"url":"{{receiver.Url}}","paused":true,{{settings}}}""");
    await node.PublishAsync(events, devices: 1_000);
    var watch = Stopwatch.StartNew();
    await node.Service.ChangeAsync("bench", "hook", System.Text.Json.JsonElement.Parse("""{"paused":false}"""), CancellationToken.None);
    await UntilAsync(() => node.Service.Find("bench", "hook")!.Delivered >= events);
    Print(name, events, watch.Elapsed);
}

// A replay of one device's events among those of a thousand others, by a filter that has to look at every record: what is measured is the reading.
static async Task ReplayAsync(int events)
{
    using var receiver = new Receiver();
    await using var node = await BenchNode.StartAsync();
    await node.AddAsync("hook", "+/+/events/#", $$"""{"url":"{{receiver.Url}}","paused":true,"eventPrefix":"none"}""");
    await node.PublishAsync(events, devices: 1_000);
    var watch = Stopwatch.StartNew();
    var replay = await node.Service.Deliveries.ReplayAsync("bench", "hook", new ReplayRequest { From = DateTimeOffset.UnixEpoch }, CancellationToken.None);
    await UntilAsync(() => node.Service.Find("bench", replay.Integration!.Definition.Name)!.State == IntegrationState.Completed);
    Print("replay, reading", events, watch.Elapsed);
}

// Ten thousand integrations, each with its device; with and without a tenth whose receiver takes five seconds. The others' time from the publish to the confirmation.
static async Task ManyAsync()
{
    const int Integrations = 10_000;
    const int Rounds = 10;
    foreach (var hasSlow in new[] { false, true })
    {
        using var fast = new Receiver();
        using var slow = new Receiver(TimeSpan.FromSeconds(5));
        await using var node = await BenchNode.StartAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, Integrations), async (i, _) =>
            await node.AddAsync($"i{i}", $"devices/d{i}/events/#", $$"""{"url":"{{(hasSlow && i % 10 == 0 ? slow.Url : fast.Url)}}"}"""));
        var latencies = new List<double>();
        using var meters = new MeterListener { InstrumentPublished = (instrument, listener) => { if (instrument.Name == "holdfast_integration_events_delivered") { listener.EnableMeasurementEvents(instrument); } } };
        var watch = Stopwatch.StartNew();
        meters.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            var name = (string)tags[1].Value!;
            if (int.Parse(name.AsSpan(1), CultureInfo.InvariantCulture) % 10 != 0)
            {
                lock (latencies)
                {
                    latencies.Add(watch.Elapsed.TotalMilliseconds);
                }
            }
        });
        meters.Start();
        await node.PublishAsync(Integrations, devices: Integrations);
        var all = new List<double>();
        for (var round = 1; round <= Rounds; round++)
        {
            await UntilAsync(() => { lock (latencies) { return latencies.Count >= Integrations * 9 / 10; } });
            lock (latencies)
            {
                all.AddRange(round > 1 ? latencies : []);
                latencies.Clear();
            }

            watch.Restart();
            await node.PublishAsync(Integrations, devices: Integrations);
        }

        all.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Integrations} integrations, {(hasSlow ? "a tenth slow" : "none slow")}: an event each, p50 {all[all.Count / 2]:0} ms, p99 {all[all.Count * 99 / 100]:0} ms"));
    }
}

static async Task UntilAsync(Func<bool> isReached)
{
    while (!isReached())
    {
        await Task.Delay(5);
    }
}

static void Print(string name, int events, TimeSpan time)
    => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {events:N0} events in {time.TotalSeconds:0.00} s: {events / time.TotalSeconds:N0} events/s"));
