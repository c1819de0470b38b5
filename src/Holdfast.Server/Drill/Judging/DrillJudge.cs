using Holdfast.Server.Drill.Clients;
using Holdfast.Server.Drill.Faults;

namespace Holdfast.Server.Drill.Judging;

/// <summary>Judges a drill by its journals alone: what was lost, duplicated or reordered since which fault, and how long each pause was.</summary>
internal static class DrillJudge
{
    /// <summary>The journal of the drill itself: its faults.</summary>
    public const string DrillJournal = "drill";

    /// <summary>The journal of the database's probe.</summary>
    public const string DatabaseJournal = "database";

    /// <summary>Judges.</summary>
    /// <param name="entries">The journals.</param>
    /// <param name="countsLost">Whether the drill waited for everything to be delivered, so that what is missing is lost.</param>
    /// <returns>What the clients saw in all, and what each fault did.</returns>
    public static (Verdict Verdict, IReadOnlyList<FaultResult> Faults) Judge(IReadOnlyList<JournalEntry> entries, bool countsLost)
    {
        Verdict verdict = JournalChecker.Check(entries);
        verdict = countsLost ? verdict : verdict with { Violations = [.. verdict.Violations.Where(violation => violation.Kind != ViolationKind.Lost)] };
        JournalEntry[] faults = [.. entries.Where(entry => entry is { Client: DrillJournal, Action: JournalAction.FaultBegun }).OrderBy(entry => entry.T)];
        ILookup<string, long> acknowledged = PauseMeter.Moments(entries, JournalAction.Acknowledged);
        long[] committed = [.. PauseMeter.Moments(entries, JournalAction.Committed).SelectMany(moments => moments).Order()];
        long[] delivered = [.. PauseMeter.Moments(entries, JournalAction.Received)[WebhookReceiver.Name]];
        long end = acknowledged.Count == 0 ? 0 : acknowledged.Max(publisher => publisher.Last());
        var results = new List<FaultResult>();
        for (int index = 0; index < faults.Length; index++)
        {
            var window = new FaultWindow(faults[index].T, index + 1 < faults.Length ? faults[index + 1].T : Math.Max(end, faults[index].T));

            // What happened before the first fault counts to it: nothing may be left out.
            long from = index == 0 ? 0 : window.Begin;
            long to = index + 1 < faults.Length ? window.End : long.MaxValue;
            results.Add(Result(faults[index], window, acknowledged, committed, delivered, [.. verdict.Violations.Where(violation => violation.At >= from && violation.At < to)]));
        }

        return (verdict, results);
    }

    private static FaultResult Result(
        JournalEntry fault, FaultWindow window, ILookup<string, long> acknowledged, long[] committed, long[] delivered, IReadOnlyList<Violation> violations)
    {
        double[] pauses = [.. PauseMeter.OfPublishers(acknowledged, window).Values.Select(Seconds).Order()];
        return new FaultResult
        {
            Number = fault.Sequence,
            Kind = FaultKinds.All.First(kind => kind.Name() == fault.Publisher),
            Description = fault.Detail ?? "",
            PauseSeconds = pauses.LastOrDefault(),
            MedianPauseSeconds = pauses.Length == 0 ? 0 : pauses[pauses.Length / 2],
            DatabasePauseSeconds = committed.Length == 0 ? null : Seconds(PauseMeter.Longest(committed, window)),
            WebhookPauseSeconds = Seconds(PauseMeter.Longest(delivered, window)),
            Violations = violations,
        };
    }

    private static double Seconds(TimeSpan pause) => Math.Round(pause.TotalSeconds, 3);
}
