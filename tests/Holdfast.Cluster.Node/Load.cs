using System.Diagnostics;
using System.Globalization;
using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Node;

/// <summary>Sends records to one node, which does not store them, as fast as it answers, and says how fast that was.</summary>
internal static class Load
{
    /// <summary>Runs to the end.</summary>
    /// <param name="target">The way to the node.</param>
    /// <param name="self">Who sends.</param>
    /// <param name="count">How many.</param>
    /// <param name="concurrency">How many are on their way at once.</param>
    /// <param name="bytes">How large the records are.</param>
    public static async Task<string> RunAsync(INodeEndpoint target, NodeId self, int count, int concurrency, int bytes)
    {
        var request = new AppendRequest(self, [new ForwardedBatch(0, 1, new byte[bytes], 1)]);
        var times = new double[count];
        var next = -1;
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var place && place < count)
            {
                var sent = Stopwatch.GetTimestamp();
                await target.AppendAsync(request);
                times[place] = Stopwatch.GetElapsedTime(sent).TotalMicroseconds;
            }
        })));
        var elapsed = Stopwatch.GetElapsedTime(begin);
        var spent = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        Array.Sort(times);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{count} of {bytes} bytes, {concurrency} at once: {count / elapsed.TotalSeconds:F0}/s, p50 {times[count / 2]:F0} us, p99 {times[count * 99 / 100]:F0} us, sender's CPU {spent.TotalMicroseconds / count:F1} us each");
    }
}
