using Holdfast.Broker.Custody;

namespace Holdfast.Integrations.Custody;

/// <summary>Counts what one integration has done about the events of a report.</summary>
internal sealed class IntegrationTally(string name, string? kind)
{
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private long _wanted;
    private long _late;
    private double _longestDelay;

    /// <summary>Records that were lost, of whichever device.</summary>
    public long RecordsLost { get; set; }

    /// <summary>Those of them that retention removed.</summary>
    public long TrimmedUnread { get; set; }

    /// <summary>Takes in an event.</summary>
    /// <param name="outcome">What became of it.</param>
    /// <param name="delaySeconds">After how long; null while it waits.</param>
    /// <param name="isLate">Whether it was delivered late.</param>
    public void Add(string outcome, double? delaySeconds, bool isLate)
    {
        _wanted++;
        _counts[outcome] = _counts.GetValueOrDefault(outcome) + 1;
        _late += isLate ? 1 : 0;
        if (outcome == Outcomes.Delivered)
        {
            _longestDelay = Math.Max(_longestDelay, delaySeconds ?? 0);
        }
    }

    public IntegrationCount ToCount() => new()
    {
        Name = name,
        Kind = kind,
        Wanted = _wanted,
        Delivered = Of(Outcomes.Delivered),
        Late = _late,
        Waiting = Of(Outcomes.Waiting),
        DeadLetters = Of(Outcomes.DeadLetter),
        Expired = Of(Outcomes.Expired),
        Lost = Of(Outcomes.Trimmed) + Of(Outcomes.Damaged),
        Abandoned = Of(Outcomes.Abandoned),
        Confirmed = Of(Outcomes.Confirmed),
        RecordsLost = RecordsLost,
        TrimmedUnread = TrimmedUnread,
        LongestDelaySeconds = _longestDelay,
    };

    private long Of(string outcome) => _counts.GetValueOrDefault(outcome);
}
