using System.Diagnostics;
using System.Globalization;
using System.Text;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Publishing;
using Holdfast.Log.Partitions;

namespace Holdfast.WebhookBench;

/// <summary>Ten million events of ten thousand devices, delivered in batches; then the trace of one, the catch-up of a device, and its custody.</summary>
internal static class CustodyFigures
{
    private const int Events = 10_000_000;
    private const int Devices = 10_000;
    private const int Rounds = 50;

    public static async Task RunAsync()
    {
        using var receiver = new Receiver();
        await using var node = await BenchNode.StartAsync();
        await node.AddAsync("hook", "#", $$"""{"url":"{{receiver.Url}}","maxBatch":500,"concurrency":8}""");
        var watch = Stopwatch.StartNew();
        for (var published = 0; published < Events; published += Events / 10)
        {
            await node.PublishAsync(Events / 10, Devices);
        }

        await Until.TrueAsync(() => node.Service.Find("bench", "hook")!.Delivered >= Events);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"custody: {Events:N0} events stored and delivered in {watch.Elapsed.TotalSeconds:0} s"));
        var random = new Random(1);
        await MeasureAsync("trace of an event", async () =>
        {
            var partition = random.Next(node.Log.PartitionCount);
            var offset = random.NextInt64(node.Log.CommittedOffset(partition));
            var trace = await node.Custody.TraceAsync("bench", EventId.Format(node.Log.Incarnations, partition, offset), CancellationToken.None);
            Expect(trace is { Deliveries: [{ Outcome: Outcomes.Delivered }] });
        });
        await MeasureAsync("catch-up of a device", async () => Expect(await ReadDeviceAsync(node, random.Next(Devices)) == Events / Devices));
        await MeasureAsync("custody of a device", async () =>
        {
            var report = await node.Custody.ReportAsync(new CustodyQuery("bench") { Device = $"d{random.Next(Devices)}" }, CancellationToken.None);
            Expect(report is { Events.Accepted: Events / Devices, Integrations: [{ Delivered: Events / Devices }] });
        });
        watch.Restart();
        var all = await node.Custody.ReportAsync(new CustodyQuery("bench") { LateAfter = TimeSpan.FromDays(1) }, CancellationToken.None);
        Expect(all.Events.Accepted == Events);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"custody of the product: {watch.Elapsed.TotalSeconds:0.0} s, {Events / watch.Elapsed.TotalSeconds:N0} events/s"));
    }

    /// <summary>Reads all that waits for a device, as its session would.</summary>
    private static async Task<int> ReadDeviceAsync(BenchNode node, int device)
    {
        var key = Partitioning.KeyHash("bench"u8, Encoding.UTF8.GetBytes($"d{device}"));
        var partition = Partitioning.PartitionOf(key, node.Log.PartitionCount);
        var keys = new HashSet<ulong> { key };
        var found = 0;
        for (var position = 0L; position < node.Log.CommittedOffset(partition);)
        {
            using var read = await node.Log.ReadAsync(partition, position, keys, 1024 * 1024, CancellationToken.None);
            foreach (var batch in read.Batches)
            {
                foreach (var record in batch)
                {
                    found += record.KeyHash == key ? 1 : 0;
                }
            }

            position = read.NextOffset;
        }

        return found;
    }

    private static async Task MeasureAsync(string what, Func<Task> once)
    {
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var begin = Stopwatch.GetTimestamp();
            await once();
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        var first = times[0]; // It compiles its code, and is shown for itself.
        times.RemoveAt(0);
        times.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what}: first {first:0.0} ms, then p50 {times[times.Count / 2]:0.0} ms, longest {times[^1]:0.0} ms"));
    }

    private static void Expect(bool isRight)
    {
        if (!isRight)
        {
            throw new InvalidOperationException("The answer is wrong.");
        }
    }
}
