namespace Holdfast.Log.State;

/// <summary>A session as it is stored. One row per session; (product, client identifier) is unique.</summary>
public sealed record StoredSession
{
    /// <summary>A random, non-zero number that names this session in records; a new session of the same client gets another.</summary>
    public required ulong Id { get; init; }

    /// <summary>The product it belongs to.</summary>
    public required string Product { get; init; }

    /// <summary>The client identifier.</summary>
    public required string ClientId { get; init; }

    /// <summary>Raised by every take-over; an older epoch may not change the row.</summary>
    public required long Epoch { get; init; }

    /// <summary>How long the session outlives its connection, in seconds; <see cref="uint.MaxValue"/> for ever.</summary>
    public required uint ExpirySeconds { get; init; }

    /// <summary>When the connection ended; null while connected.</summary>
    public DateTimeOffset? DisconnectedAt { get; init; }

    /// <summary>The will that waits, or null.</summary>
    public StoredWill? Will { get; init; }

    /// <summary>The subscriptions. Only <see cref="ISessionStore.LoadAsync"/> fills them; saving goes through <see cref="ISessionStore.SaveSubscriptionsAsync"/>.</summary>
    public IReadOnlyList<StoredSubscription> Subscriptions { get; init; } = [];

    /// <summary>
    /// The session's own cursor: one confirmed offset per partition. Null when the session was caught up, and the node's mark
    /// (<see cref="StoredCheckpoint.Mark"/>) holds for it. Written by checkpoints and by <see cref="ISessionStore.SaveAsync"/>.
    /// </summary>
    public long[]? Cursor { get; init; }

    /// <summary>When a session is let go that had retained messages on their way: the filters for which they still are. Null when there were none.</summary>
    public IReadOnlyList<string>? RetainedLeft { get; init; }

    /// <summary>The QoS 2 state as of the checkpoint's applied offsets, in the broker's encoding; null when there is none.</summary>
    public byte[]? Exchanges { get; init; }
}

/// <summary>A subscription as it is stored.</summary>
/// <param name="Filter">The topic filter.</param>
/// <param name="Options">The options byte of MQTT 5 (QoS, no-local, retain-as-published, retain handling).</param>
/// <param name="Identifier">The subscription identifier, or 0.</param>
/// <param name="Since">One offset per partition: earlier records do not belong to it.</param>
public sealed record StoredSubscription(string Filter, byte Options, uint Identifier, long[] Since)
{
    /// <summary>In a cluster, while retained messages are on their way to it: the position as of which they are. Null when they have arrived, or there were none.</summary>
    public long[]? RetainedAsOf { get; init; }
}

/// <summary>A will as it is stored.</summary>
/// <param name="Record">The message as a publish record without offset, see <see cref="Records.PublishRecord"/>.</param>
/// <param name="DelaySeconds">The will delay.</param>
/// <param name="MessageExpirySeconds">The expiry of the message counted from its publication, or null.</param>
public sealed record StoredWill(byte[] Record, uint DelaySeconds, uint? MessageExpirySeconds)
{
    /// <summary>
    /// In a cluster, the session's epoch when its client gave the will: with the session's number it names this will, so that it is published once whoever
    /// publishes it. On one machine 0.
    /// </summary>
    public long Epoch { get; init; }
}
