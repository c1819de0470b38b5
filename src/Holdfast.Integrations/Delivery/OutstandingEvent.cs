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

    /// <summary>The event as JSON. Given back when it is confirmed.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>Attempts that failed.</summary>
    public int Failures { get; set; }

    /// <summary>Delivered, or given up for a reason that was counted.</summary>
    public bool IsConfirmed { get; set; }

    /// <summary>The next event of the same key, which waits for this one.</summary>
    public OutstandingEvent? NextOfKey { get; set; }
}
