using Holdfast.Broker.Subscriptions;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Sessions;

/// <summary>How a session wants a message: its matching subscriptions, merged.</summary>
internal readonly ref struct DeliveryTerms(QualityOfService qualityOfService, bool noLocal, bool retainAsPublished, ReadOnlySpan<uint> identifiers)
{
    public DeliveryTerms(in MatchedSubscriber<LogSubscriber> match)
        : this(match.QualityOfService, match.NoLocal, match.RetainAsPublished, match.Identifiers)
    {
    }

    public QualityOfService QualityOfService { get; } = qualityOfService;

    public bool NoLocal { get; } = noLocal;

    public bool RetainAsPublished { get; } = retainAsPublished;

    public ReadOnlySpan<uint> Identifiers { get; } = identifiers;
}

/// <summary>What became of an attempt to send.</summary>
internal enum SendResult
{
    /// <summary>Written, or on its way.</summary>
    Sent,

    /// <summary>Not for this client: its own message, expired, or sent before.</summary>
    Skipped,

    /// <summary>Larger than this client accepts.</summary>
    TooLarge,

    /// <summary>The window is full or the peer does not read: try again from here later.</summary>
    Blocked,
}

/// <summary>Where a session reads.</summary>
internal enum SessionMode : byte
{
    /// <summary>No connection: positions are kept, nothing is read.</summary>
    Detached,

    /// <summary>Caught up: committed batches are pushed to it, and its positions are the dispatcher's.</summary>
    Live,

    /// <summary>Behind: a reader takes it through the log from its own positions.</summary>
    Behind,

    /// <summary>The session is gone.</summary>
    Ended,
}
