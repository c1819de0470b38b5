using System.Diagnostics.CodeAnalysis;

namespace Holdfast.Integrations.Delivery;

/// <summary>Carries requests to one receiver. Called concurrently.</summary>
internal interface IEventCarrier : IDisposable
{
    /// <summary>Whether an attempt can be made at all. Whoever becomes ready wakes the loop.</summary>
    bool IsReady => true;

    /// <summary>Makes one attempt, and sees to everything that follows from it.</summary>
    /// <param name="request">The events.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<AttemptOutcome> CarryAsync(OutstandingRequest request, CancellationToken cancellationToken);
}

/// <summary>What came of an attempt.</summary>
/// <param name="Result">What it means for the events.</param>
/// <param name="StatusCode">The receiver's HTTP status; 0 when it gave none.</param>
/// <param name="Error">Why it did not succeed, in words for an operator; empty when it did.</param>
internal sealed record AttemptOutcome(AttemptResult Result, int StatusCode, string Error)
{
    /// <summary>The pause that the receiver asked for, or null.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the receiver has answered, when it was kept.</summary>
    public KeptResponse? Response { get; init; }

    /// <summary>An attempt without an answer.</summary>
    public static AttemptOutcome Unanswered(string error) => new(AttemptResult.Failed, 0, error);
}

/// <summary>The beginning of a receiver's answer.</summary>
/// <param name="ContentType">Its media type; empty when it gave none.</param>
/// <param name="Body">Its first bytes.</param>
/// <param name="IsCut">Whether there was more.</param>
[SuppressMessage("Performance", "CA1819", Justification = "Handed on as it is.")]
internal sealed record KeptResponse(string ContentType, byte[] Body, bool IsCut);

/// <summary>What an attempt means for its events.</summary>
internal enum AttemptResult
{
    /// <summary>The receiver has confirmed them.</summary>
    Delivered,

    /// <summary>They are tried again.</summary>
    Failed,

    /// <summary>They were refused for good.</summary>
    Refused,

    /// <summary>They were refused for good and are stored as dead letters.</summary>
    DeadLettered,
}
