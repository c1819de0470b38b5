using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Holdfast.WebhookBench;

/// <summary>
/// Ten thousand integrations, each with its device; with and without a tenth whose receiver takes five seconds. Measured is the others' time from the publish to
/// the confirmation.
/// </summary>
internal static class ManyIntegrations
{
    private const int Integrations = 10_000;
    private const int Rounds = 10;
    private const int ConnectionBytes = 4096;

    public static async Task RunAsync()
    {
        foreach (var hasSlow in new[] { false, true })
        {
            await RunAsync(hasSlow);
        }
    }

    private static async Task RunAsync(bool hasSlow)
    {
        using var fast = await ReceiverProcess.StartAsync(TimeSpan.Zero, ConnectionBytes);
        using var slow = await ReceiverProcess.StartAsync(TimeSpan.FromSeconds(5), ConnectionBytes);
        await using var node = await BenchNode.StartAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await Parallel.ForEachAsync(Enumerable.Range(0, Integrations), async (i, _) =>
            await node.AddAsync($"i{i}", $"devices/d{i}/events/#", $$"""{"url":"{{(hasSlow && i % 10 == 0 ? slow.Url : fast.Url)}}"}"""));
        var memory = (GC.GetTotalMemory(forceFullCollection: true) - before) / Integrations / 1024;
        var latencies = new List<double>();
        var watch = Stopwatch.StartNew();
        using var meters = Listen(latencies, watch);
        var all = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            watch.Restart();
            await node.PublishAsync(Integrations, devices: Integrations);
            await Until.TrueAsync(() => CountOf(latencies) >= Integrations * 9 / 10);
            lock (latencies)
            {
                all.AddRange(round > 0 ? latencies : []); // The first round makes the connections.
                latencies.Clear();
            }
        }

        all.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Integrations} integrations ({memory:N0} kB each while idle), {(hasSlow ? "a tenth slow" : "none slow")}: an event each, p50 {all[all.Count / 2]:0} ms, p99 {all[all.Count * 99 / 100]:0} ms"));
    }

    private static int CountOf(List<double> latencies)
    {
        lock (latencies)
        {
            return latencies.Count;
        }
    }

    /// <summary>Notes when each event of an integration that is never slow is confirmed.</summary>
    private static MeterListener Listen(List<double> latencies, Stopwatch watch)
    {
        var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "holdfast_integration_events_delivered")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            if (int.Parse(((string)tags[1].Value!).AsSpan(1), CultureInfo.InvariantCulture) % 10 != 0)
            {
                lock (latencies)
                {
                    latencies.Add(watch.Elapsed.TotalMilliseconds);
                }
            }
        });
        meters.Start();
        return meters;
    }
}
