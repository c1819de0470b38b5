using Holdfast.Integrations.Receipts;

namespace Holdfast.Integrations.Delivery;

/// <summary>An event that was read from the log and is not confirmed yet.</summary>
internal sealed class OutstandingEvent
{
    public required int Partition { get; init; }

    public required long Offset { get; init; }

    /// <summary>Events of one key are delivered one after the other, unless the integration asks for another order.</summary>
    public required ulong KeyHash { get; init; }

    public required string Id { get; init; }

    public required string Topic { get; init; }

    /// <summary>Unix milliseconds; 0 for never.</summary>
    public required long ExpiresAtMilliseconds { get; init; }

    public required long ReceivedAtMilliseconds { get; init; }

    /// <summary>The event as the receiver gets it.</summary>
    public required EventBody Body { get; init; }

    /// <summary>What its device wants to be told; null for nothing.</summary>
    public ReceiptWish? Receipt { get; init; }

    /// <summary>When it was read from the log, in the clock's ticks.</summary>
    public long ReadAtTicks { get; init; }

    /// <summary>The request that it belongs to; null while it waits for an event of its key.</summary>
    public OutstandingRequest? Request { get; set; }

    /// <summary>The next event that waits for this one.</summary>
    public OutstandingEvent? NextOfKey { get; set; }

    /// <summary>The unconfirmed event of the same partition before this one.</summary>
    public OutstandingEvent? Older { get; set; }

    /// <summary>The unconfirmed event of the same partition after this one.</summary>
    public OutstandingEvent? Newer { get; set; }
}

/// <summary>An event in the form in which it is sent.</summary>
/// <param name="Bytes">The body.</param>
/// <param name="ContentType">Its media type, when it is not that of the form; else null.</param>
/// <param name="Problem">Why it cannot be made; then it is refused without being sent. Null when all is well.</param>
internal readonly record struct EventBody(ReadOnlyMemory<byte> Bytes, string? ContentType = null, string? Problem = null);
