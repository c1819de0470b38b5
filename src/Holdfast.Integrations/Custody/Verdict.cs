using Holdfast.Broker.Custody;
using Holdfast.Log.Attempts;

namespace Holdfast.Integrations.Custody;

/// <summary>What an outcome and a position together say.</summary>
internal static class Verdict
{
    /// <summary>One of <see cref="Outcomes"/>.</summary>
    /// <param name="outcome">What the journal says.</param>
    /// <param name="isPassed">Whether the integration's position is beyond the event. The position is saved only after the journal.</param>
    /// <param name="isGone">Whether the integration was removed: nobody delivers what waited.</param>
    public static string Of(in EventOutcome outcome, bool isPassed, bool isGone = false) => outcome.Final switch
    {
        AttemptKind.Delivered => Outcomes.Delivered,
        AttemptKind.DeadLettered => Outcomes.DeadLetter,
        AttemptKind.Expired => Outcomes.Expired,
        AttemptKind.Trimmed => Outcomes.Trimmed,
        AttemptKind.Damaged => Outcomes.Damaged,
        _ => isPassed ? Outcomes.Confirmed : isGone ? Outcomes.Abandoned : Outcomes.Waiting,
    };

    /// <summary>From the receipt to the outcome; null while there is none.</summary>
    public static double? DelaySeconds(in EventOutcome outcome, long receivedAtMilliseconds)
        => outcome.Final is null ? null : Math.Max(0, outcome.AtMilliseconds - receivedAtMilliseconds) / 1000.0;

    public static DateTimeOffset? At(in EventOutcome outcome)
        => outcome.Final is null ? null : DateTimeOffset.FromUnixTimeMilliseconds(outcome.AtMilliseconds);

    /// <summary>An attempt's kind as text.</summary>
    public static string Text(AttemptKind kind) => kind switch
    {
        AttemptKind.Delivered => "delivered",
        AttemptKind.Failed => "failed",
        AttemptKind.Refused => "refused",
        AttemptKind.DeadLettered => "deadLettered",
        AttemptKind.Expired => "expired",
        AttemptKind.Trimmed => "trimmed",
        _ => "damaged",
    };
}
