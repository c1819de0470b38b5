using System.Diagnostics;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Scenarios;

namespace Holdfast.Server.Bench.Scale;

/// <summary>What a long log costs those who come back, and the start.</summary>
/// <param name="Events">Events in the log.</param>
/// <param name="Bytes">Bytes in the data directory.</param>
/// <param name="StoredPerSecond">Events stored a second while it was filled.</param>
/// <param name="ReadyAfterKill">From the start of the process until it was ready, after SIGKILL.</param>
/// <param name="CatchUp">From CONNECT to the last event of one device, for a session that knows no event of it yet.</param>
/// <param name="Replay">From CONNECT to the last event of all; null when that was not asked for.</param>
/// <param name="ResidentBytes">The broker's memory after all this.</param>
internal sealed record LogMeasurement(long Events, long Bytes, double StoredPerSecond, TimeSpan ReadyAfterKill, TimeSpan CatchUp, TimeSpan? Replay, long ResidentBytes)
{
    private static readonly TimeSpan LongestReturn = TimeSpan.FromMinutes(5);

    /// <summary>Measures at growing lengths of one log.</summary>
    /// <param name="node">The broker; it is killed and started again.</param>
    /// <param name="lengths">The lengths in events, growing.</param>
    /// <param name="payloadBytes">Bytes of each payload.</param>
    /// <param name="withReplay">Whether all events are read at the last length.</param>
    /// <param name="tell">Takes a line about each length.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<IReadOnlyList<LogMeasurement>> MeasureAsync(
        ScaleNode node, IReadOnlyList<int> lengths, int payloadBytes, bool withReplay, Action<string> tell, CancellationToken cancellationToken)
    {
        string run = RunName.Take();
        var filler = new LogFiller(run);
        KeptSession[] ones = [.. lengths.Select((_, index) => new KeptSession($"bench-{run}-one-{index}", filler.DeviceTopic))];
        var everything = new KeptSession($"bench-{run}-all", filler.Everything);
        BenchOptions options = node.Take(BenchScenarios.Find("ingest").Defaults);
        foreach (KeptSession session in ones.Append(everything))
        {
            await session.SubscribeAsync(options, cancellationToken);
        }

        var all = new List<LogMeasurement>();
        for (int index = 0; index < lengths.Count; index++)
        {
            int added = lengths[index] - (index > 0 ? lengths[index - 1] : 0);
            long begin = Stopwatch.GetTimestamp();
            await filler.FillAsync(node.Take(options), added, payloadBytes, cancellationToken);
            double stored = added / Stopwatch.GetElapsedTime(begin).TotalSeconds;
            tell($"{lengths[index]} events are stored");
            await node.EndAsync(isKilled: true);
            TimeSpan ready = await node.StartAsync(cancellationToken);
            TimeSpan catchUp = await ones[index].ReturnAsync(node.Take(options), (long)LogFiller.DeviceEvents * (index + 1), LongestReturn, cancellationToken);
            TimeSpan? replay = withReplay && index == lengths.Count - 1
                ? await everything.ReturnAsync(node.Take(options), lengths[index], LongestReturn, cancellationToken)
                : null;
            all.Add(new LogMeasurement(lengths[index], DirectoryUsage.Read(node.Data).Bytes, Math.Round(stored), ready, catchUp, replay, node.Usage.ResidentBytes));
        }

        return all;
    }
}
