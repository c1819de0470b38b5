namespace Holdfast.Device.Outbox;

/// <summary>An event as it lies in the outbox.</summary>
/// <param name="Identity">Its name for good.</param>
/// <param name="Priority">Its lane.</param>
/// <param name="CreatedAtMilliseconds">When it was published, by the device's clock, since 1970.</param>
/// <param name="Topic">Where it goes.</param>
/// <param name="ContentType">The media type of the payload; empty for none.</param>
/// <param name="Payload">Its content.</param>
internal sealed record StoredEvent(
    EventIdentity Identity, EventPriority Priority, long CreatedAtMilliseconds, string Topic, string ContentType, ReadOnlyMemory<byte> Payload)
{
    /// <summary>What it must have reached besides, as <see cref="EventLevel.Wish"/>; empty for nothing.</summary>
    public string Receipt { get; init; } = "";
}
