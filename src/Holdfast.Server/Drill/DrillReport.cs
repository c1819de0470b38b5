using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Holdfast.Server.Drill.Faults;
using Holdfast.Server.Drill.Judging;

namespace Holdfast.Server.Drill;

/// <summary>The faults of one kind together.</summary>
internal sealed record KindReport(
    string Kind, int Faults, int Lost, int Duplicated, int Reordered, int OtherViolations, double PauseP50Seconds, double PauseMaxSeconds,
    double? DatabasePauseMaxSeconds, double WebhookPauseMaxSeconds, int PausesTooLong);

/// <summary>One fault.</summary>
internal sealed record FaultReport(
    long Number, string Kind, string Description, double PauseSeconds, double MedianPauseSeconds, double? DatabasePauseSeconds, double? PromisedPauseSeconds,
    double WebhookPauseSeconds, int Violations);

/// <summary>The outcome of a drill.</summary>
internal sealed record DrillReport
{
    private const int ShownViolations = 20;

    /// <summary>The seed, to run the same again.</summary>
    public required int Seed { get; init; }

    /// <summary>Whether everything that was promised was kept.</summary>
    public bool IsKept => Problem is null;

    /// <summary>Messages published.</summary>
    public required int Published { get; init; }

    /// <summary>Messages acknowledged.</summary>
    public required int Acknowledged { get; init; }

    /// <summary>How often a message was sent again because its exchange was interrupted.</summary>
    public required int Republished { get; init; }

    /// <summary>Different messages received, by consumer.</summary>
    public required IReadOnlyDictionary<string, int> Received { get; init; }

    /// <summary>By kind.</summary>
    public required IReadOnlyList<KindReport> Kinds { get; init; }

    /// <summary>Fault by fault.</summary>
    public required IReadOnlyList<FaultReport> Faults { get; init; }

    /// <summary>The first violations in words.</summary>
    public required IReadOnlyList<string> Violations { get; init; }

    /// <summary>Nodes that ended without being told to, and were started again.</summary>
    public required int NodesFallen { get; init; }

    /// <summary>What was not kept, in one sentence; null when all was.</summary>
    public required string? Problem { get; init; }

    /// <summary>Makes the report of what the journals say.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="entries">The journals.</param>
    /// <param name="nodesFallen">Nodes that ended without being told to.</param>
    /// <param name="interruption">What ended the drill early, or null.</param>
    public static DrillReport Make(int seed, IReadOnlyList<JournalEntry> entries, int nodesFallen, string? interruption)
    {
        // Nobody has waited for what was on its way when a drill ended early: that is not lost.
        (Verdict verdict, IReadOnlyList<FaultResult> faults) = DrillJudge.Judge(entries, countsLost: interruption is null);
        int tooLong = faults.Count(fault => fault.IsTooLong);
        string? problem = interruption
            ?? (verdict.Violations.Count > 0 ? $"{verdict.Violations.Count} promises to events were broken"
                : tooLong > 0 ? $"{tooLong} pauses were longer than promised"
                : verdict.Acknowledged == 0 ? "nothing was acknowledged, so this shows nothing"
                : null);
        return new DrillReport
        {
            Seed = seed,
            Published = verdict.Published,
            Acknowledged = verdict.Acknowledged,
            Republished = verdict.Republished,
            Received = verdict.Received,
            Kinds = [.. faults.GroupBy(fault => fault.Kind).OrderBy(kind => kind.Key).Select(OfKind)],
            Faults = [.. faults.Select(fault => new FaultReport(
                fault.Number, fault.Kind.Name(), fault.Description, fault.PauseSeconds, fault.MedianPauseSeconds, fault.DatabasePauseSeconds, fault.PromisedPauseSeconds,
                fault.WebhookPauseSeconds, fault.Violations.Count))],
            Violations = [.. verdict.Violations.Take(ShownViolations).Select(violation => $"{violation.Kind}: {violation.Text}")],
            NodesFallen = nodesFallen,
            Problem = problem,
        };
    }

    /// <summary>As a table.</summary>
    public string Format()
    {
        var text = new StringBuilder();
        text.AppendLine("| fault | times | lost | duplicated | out of order | other | pause p50 | pause max | database's own, max | webhook's, max | too long |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (KindReport kind in Kinds)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {kind.Kind} | {kind.Faults} | {kind.Lost} | {kind.Duplicated} | {kind.Reordered} | {kind.OtherViolations} | {kind.PauseP50Seconds:0.00} s | {kind.PauseMaxSeconds:0.00} s | {(kind.DatabasePauseMaxSeconds is { } own ? own.ToString("0.00 's'", CultureInfo.InvariantCulture) : "–")} | {kind.WebhookPauseMaxSeconds:0.00} s | {kind.PausesTooLong} |");
        }

        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"published {Published:#,0} ({Republished:#,0} again), acknowledged {Acknowledged:#,0}; {string.Join(", ", Received.OrderBy(consumer => consumer.Key, StringComparer.Ordinal).Select(consumer => string.Create(CultureInfo.InvariantCulture, $"{consumer.Key} received {consumer.Value:#,0}")))}; nodes that ended by themselves {NodesFallen}; seed {Seed}");
        foreach (string violation in Violations)
        {
            text.AppendLine(violation);
        }

        return text.ToString().TrimEnd();
    }

    // The pause of a fault is that of the publisher that waited longest; the median is over faults.
    private static KindReport OfKind(IGrouping<FaultKind, FaultResult> faults)
    {
        double[] pauses = [.. faults.Select(fault => fault.PauseSeconds).Order()];
        return new KindReport(
            faults.Key.Name(),
            pauses.Length,
            faults.Sum(fault => fault.Count(ViolationKind.Lost, ViolationKind.SessionLost)),
            faults.Sum(fault => fault.Count(ViolationKind.Duplicated, ViolationKind.StoredTwice)),
            faults.Sum(fault => fault.Count(ViolationKind.Reordered)),
            faults.Sum(fault => fault.Count(ViolationKind.Invented, ViolationKind.Redelivered)),
            pauses[pauses.Length / 2],
            pauses[^1],
            faults.Max(fault => fault.DatabasePauseSeconds),
            faults.Max(fault => fault.WebhookPauseSeconds),
            faults.Count(fault => fault.IsTooLong));
    }
}

/// <summary>JSON of this folder's records.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(DrillReport))]
internal sealed partial class DrillJson : JsonSerializerContext;
