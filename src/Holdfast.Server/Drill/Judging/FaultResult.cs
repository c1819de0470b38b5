using Holdfast.Server.Drill.Faults;

namespace Holdfast.Server.Drill.Judging;

/// <summary>What a fault did.</summary>
internal sealed record FaultResult
{
    /// <summary>Its number in the drill, from 1; 0 for the time before the first.</summary>
    public required long Number { get; init; }

    /// <summary>Its kind.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>What was done to whom.</summary>
    public required string Description { get; init; }

    /// <summary>The longest time without an acknowledgement, of the publisher that waited longest, in seconds.</summary>
    public required double PauseSeconds { get; init; }

    /// <summary>The same of the publisher in the middle, in seconds.</summary>
    public required double MedianPauseSeconds { get; init; }

    /// <summary>The longest time in which the database itself took no commit, in seconds; null without a database.</summary>
    public required double? DatabasePauseSeconds { get; init; }

    /// <summary>The longest time in which the webhook got nothing, in seconds: until another node delivers it.</summary>
    public required double WebhookPauseSeconds { get; init; }

    /// <summary>Broken promises of events published, or deliveries received, since it began.</summary>
    public required IReadOnlyList<Violation> Violations { get; init; }

    /// <summary>The longest pause that is promised, in seconds; null when none is, as to a single machine, which has no database of its own.</summary>
    public double? PromisedPauseSeconds => Kind.Promise() switch
    {
        _ when DatabasePauseSeconds is null => null,
        PausePromise.OneSecond => 1,
        PausePromise.TwoSeconds => 2,
        PausePromise.Database => Math.Max(2, DatabasePauseSeconds.Value + 1),
        PausePromise.DatabaseAndNode => DatabasePauseSeconds.Value + 2,
        _ => null,
    };

    /// <summary>Whether the pause was longer than promised.</summary>
    public bool IsTooLong => PauseSeconds > PromisedPauseSeconds;

    /// <summary>How many violations are of some kinds.</summary>
    public int Count(params ReadOnlySpan<ViolationKind> kinds)
    {
        int count = 0;
        foreach (Violation violation in Violations)
        {
            count += kinds.Contains(violation.Kind) ? 1 : 0;
        }

        return count;
    }
}
