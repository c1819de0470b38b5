using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Publishing;

/// <summary>Publishes events on behalf of something that is not an MQTT connection: HTTP, a will, an integration's answer.</summary>
public interface IEventPublisher
{
    /// <summary>Stores an event and returns after the commit.</summary>
    /// <param name="message">The event.</param>
    /// <param name="cancellationToken">Ends the waiting before the event is appended, never after.</param>
    ValueTask<PublishResult> PublishAsync(EventToPublish message, CancellationToken cancellationToken);

    /// <summary>Appends an event and returns before the commit: whoever publishes many keeps their order and lets them share commits.</summary>
    /// <param name="message">The event.</param>
    /// <param name="cancellationToken">Ends the waiting before the event is appended, never after.</param>
    /// <returns>Once the event is appended or refused, a task that completes after the commit.</returns>
    ValueTask<Task<PublishResult>> AppendAsync(EventToPublish message, CancellationToken cancellationToken);
}

/// <summary>An event to store.</summary>
public sealed record EventToPublish
{
    /// <summary>The product.</summary>
    public required string Product { get; init; }

    /// <summary>The topic name.</summary>
    public required string Topic { get; init; }

    /// <summary>The application message.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Who publishes, as it is shown to users: a client identifier, or a name such as <c>http</c>.</summary>
    public required string Publisher { get; init; }

    /// <summary>The highest quality of service of its delivery.</summary>
    public QualityOfService QualityOfService { get; init; } = QualityOfService.AtLeastOnce;

    /// <summary>Whether the message is retained.</summary>
    public bool Retain { get; init; }

    /// <summary>The content type, or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>Other MQTT 5 properties that are forwarded (payload format, response topic, correlation data), encoded as on the wire.</summary>
    public ReadOnlyMemory<byte> OtherProperties { get; init; }

    /// <summary>Whether the event may have been stored before; it is stored again and flagged.</summary>
    public bool PossibleDuplicate { get; init; }

    /// <summary>Where an answer is expected, or null. Together with <see cref="CorrelationData"/>.</summary>
    public string? ResponseTopic { get; init; }

    /// <summary>What an answer carries back.</summary>
    public ReadOnlyMemory<byte> CorrelationData { get; init; }

    /// <summary>The deduplication stream, or null. Together with <see cref="Sequence"/>; only below the device's own topics.</summary>
    public string? Stream { get; init; }

    /// <summary>The sequence within the stream.</summary>
    public ulong Sequence { get; init; }

    /// <summary>Seconds after which the event is no longer delivered, or null.</summary>
    public uint? ExpirySeconds { get; init; }

    /// <summary>User properties, in order.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}

/// <summary>What became of an event.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="EventId">The id under which it is stored; null when it is not, or when it is a duplicate of one whose id is no longer known.</param>
/// <param name="Detail">For a refusal: what was wrong and what to do.</param>
public readonly record struct PublishResult(PublishStatus Status, string? EventId, string Detail);

/// <summary>The outcome of a publish.</summary>
public enum PublishStatus
{
    /// <summary>Committed.</summary>
    Committed,

    /// <summary>The same stream and sequence was committed before; nothing was stored again.</summary>
    Duplicate,

    /// <summary>The topic name is not allowed.</summary>
    TopicInvalid,

    /// <summary>Larger than the node accepts.</summary>
    TooLarge,

    /// <summary>The node cannot commit now. Try again later.</summary>
    NotCommitting,

    /// <summary>There is no room to store it. Try again when there is.</summary>
    Full,

    /// <summary>Its product or its device publishes more than it may. Try again later.</summary>
    TooFast,
}
