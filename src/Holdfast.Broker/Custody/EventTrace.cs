namespace Holdfast.Broker.Custody;

/// <summary>The way of one event.</summary>
public sealed record EventTrace
{
    /// <summary>The event's id.</summary>
    public required string Id { get; init; }

    /// <summary>The product.</summary>
    public required string Product { get; init; }

    /// <summary>The device of a topic below <c>devices/{id}/</c>; else null.</summary>
    public string? Device { get; init; }

    /// <summary>The topic name.</summary>
    public required string Topic { get; init; }

    /// <summary>What stands below <c>devices/{id}/events/</c>; else the whole topic.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of the payload.</summary>
    public int PayloadBytes { get; init; }

    /// <summary>Who published it.</summary>
    public required PublishedFact Published { get; init; }

    /// <summary>When and where it was stored.</summary>
    public required CommittedFact Committed { get; init; }

    /// <summary>What each integration that wants it has done, by name.</summary>
    public required IReadOnlyList<DeliveryFact> Deliveries { get; init; }

    /// <summary>The MQTT sessions that want it.</summary>
    public required IReadOnlyList<SessionFact> Sessions { get; init; }
}

/// <summary>Who published an event.</summary>
/// <param name="ClientId">The client identifier, or another name of the sender.</param>
/// <param name="At">The device's own time; null when it gave none.</param>
/// <param name="Stream">The device's stream; null when it gave none.</param>
/// <param name="Sequence">The sequence within the stream; null without one.</param>
/// <param name="QualityOfService">The publisher's quality of service.</param>
/// <param name="Retain">Whether it asked to retain the message.</param>
/// <param name="PossibleDuplicate">Whether it may have been stored before, as another event.</param>
/// <param name="ExpiresAt">When it expires; null for never.</param>
public sealed record PublishedFact(
    string ClientId, DateTimeOffset? At, string? Stream, ulong? Sequence, int QualityOfService, bool Retain, bool PossibleDuplicate, DateTimeOffset? ExpiresAt);

/// <summary>Where an event is stored.</summary>
/// <param name="ReceivedAt">When it was received.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The offset within it.</param>
/// <param name="Epoch">The epoch of the partition's owner then.</param>
/// <param name="Store">Where the log is.</param>
/// <param name="Durability">What an acknowledgement means there, as of now.</param>
public sealed record CommittedFact(DateTimeOffset ReceivedAt, int Partition, long Offset, long Epoch, string Store, string Durability);

/// <summary>What one integration has done about an event.</summary>
/// <param name="Integration">The integration.</param>
/// <param name="Kind">Its kind; null when it is gone.</param>
/// <param name="Outcome">One of <see cref="Outcomes"/>.</param>
/// <param name="At">When that was so; null while it waits, or when the journal does not tell.</param>
/// <param name="DelaySeconds">From the receipt to then.</param>
/// <param name="Position">How far the integration has confirmed the partition; null when it is gone.</param>
/// <param name="AttemptCount">All attempts.</param>
/// <param name="Attempts">The last of them, in order.</param>
public sealed record DeliveryFact(
    string Integration, string? Kind, string Outcome, DateTimeOffset? At, double? DelaySeconds, long? Position, int AttemptCount, IReadOnlyList<AttemptFact> Attempts);

/// <summary>An attempt.</summary>
/// <param name="At">When it began.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Result">What came of it: delivered, failed, refused, deadLettered, expired, trimmed or damaged.</param>
/// <param name="Status">The receiver's status; 0 when it gave none.</param>
/// <param name="Error">Why it did not succeed; empty when it did.</param>
/// <param name="Replay">The replay that made it; null when the integration itself did.</param>
public sealed record AttemptFact(DateTimeOffset At, double Milliseconds, string Result, int Status, string Error, string? Replay);

/// <summary>How far an MQTT session that wants an event is.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="IsConnected">Whether its client is connected.</param>
/// <param name="QualityOfService">At which quality of service it subscribes; what it gets at 0 is sent and never confirmed.</param>
/// <param name="ConfirmedOffset">Everything of the partition before this offset is confirmed, or sent at quality of service 0.</param>
/// <param name="HasConfirmed">Whether the event is.</param>
public sealed record SessionFact(string ClientId, bool IsConnected, int QualityOfService, long ConfirmedOffset, bool HasConfirmed);

/// <summary>Tells how far the MQTT sessions of a node are.</summary>
public interface ISessionPositions
{
    /// <summary>The sessions of this node that want an event, by client identifier, at most <paramref name="limit"/>.</summary>
    /// <param name="product">The product.</param>
    /// <param name="topic">The event's topic.</param>
    /// <param name="partition">The event's partition.</param>
    /// <param name="offset">The event's offset.</param>
    /// <param name="limit">The most that are told.</param>
    IReadOnlyList<SessionFact> Of(string product, ReadOnlySpan<byte> topic, int partition, long offset, int limit);
}
