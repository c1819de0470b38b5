namespace Holdfast.Broker.Limits;

/// <summary>
/// The limits of a listener, a product or a device. What is null has none here. Connections and rates count for all clients of the listener, the product or the device together; everything else for each
/// session or connection, and there the tightest counts. All of them count for one node.
/// </summary>
public sealed record ClientLimits
{
    /// <summary>No limits.</summary>
    public static ClientLimits None { get; } = new();

    /// <summary>Clients at the same time.</summary>
    public long? Connections { get; init; }

    /// <summary>Connects in a second.</summary>
    public long? ConnectRate { get; init; }

    /// <summary>Messages published in a second.</summary>
    public long? PublishRate { get; init; }

    /// <summary>Bytes published in a second: topics, payloads and properties.</summary>
    public long? PublishBytes { get; init; }

    /// <summary>Subscriptions of one session.</summary>
    public long? Subscriptions { get; init; }

    /// <summary>How old, in seconds, a message may become that waits for a session.</summary>
    public long? QueueAgeSeconds { get; init; }

    /// <summary>Bytes that may wait for a session.</summary>
    public long? QueueBytes { get; init; }

    /// <summary>The largest packet of a client, in bytes.</summary>
    public long? PacketBytes { get; init; }

    /// <summary>Unacknowledged messages of one connection, each way.</summary>
    public long? Inflight { get; init; }

    /// <summary>Levels of a topic name.</summary>
    public long? TopicLevels { get; init; }

    /// <summary>Bytes of a topic name.</summary>
    public long? TopicBytes { get; init; }

    /// <summary>The tighter of both, field by field.</summary>
    /// <param name="other">Other limits.</param>
    public ClientLimits Tightest(ClientLimits other) => LimitField.Merge(this, other, static (one, two) => one is null ? two : two is null ? one : Math.Min(one.Value, two.Value));

    /// <summary>These, and where they say nothing the others.</summary>
    /// <param name="defaults">The others.</param>
    public ClientLimits Over(ClientLimits defaults) => LimitField.Merge(this, defaults, static (own, other) => own ?? other);
}
