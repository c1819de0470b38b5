namespace Holdfast.Device;

/// <summary>An event to publish.</summary>
/// <param name="Name">Its name: the end of the topic <c>devices/{id}/events/{name}</c>; it may have several levels.</param>
/// <param name="Payload">Its content.</param>
public sealed record DeviceEvent(string Name, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Which events go first.</summary>
    public EventPriority Priority { get; init; } = EventPriority.Normal;

    /// <summary>What it must have reached before the outbox forgets it. Above <see cref="EventLevel.Stored"/> only with <see cref="DeviceOptions.Receipts"/>.</summary>
    public EventLevel Level { get; init; } = EventLevel.Stored;

    /// <summary>The media type of the payload, or null.</summary>
    public string? ContentType { get; init; }
}
