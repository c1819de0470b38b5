namespace Holdfast.Integrations.Delivery;

/// <summary>An event that was read from the log and is not confirmed yet.</summary>
internal sealed class OutstandingEvent
{
    public required int Partition { get; init; }

    public required long Offset { get; init; }

    /// <summary>Events of one key are delivered one after the other.</summary>
    public required ulong KeyHash { get; init; }

    public required string Id { get; init; }

    /// <summary>Unix milliseconds; 0 for never.</summary>
    public required long ExpiresAtMilliseconds { get; init; }

    public required long ReceivedAtMilliseconds { get; init; }

    /// <summary>The event as JSON.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Attempts that failed.</summary>
    public int Failures { get; set; }

    /// <summary>The next event of the same key, which waits for this one.</summary>
    public OutstandingEvent? NextOfKey { get; set; }

    /// <summary>The unconfirmed event of the same partition before this one.</summary>
    public OutstandingEvent? Older { get; set; }

    /// <summary>The unconfirmed event of the same partition after this one.</summary>
    public OutstandingEvent? Newer { get; set; }
}
