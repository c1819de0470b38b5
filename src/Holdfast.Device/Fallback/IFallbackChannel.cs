namespace Holdfast.Device.Fallback;

/// <summary>A way around for urgent events when no endpoint works: another network, a short message. It may be slow and dear.</summary>
public interface IFallbackChannel
{
    /// <summary>Delivers an event. Stream and sequence must reach the cloud with it, so that it is kept once whichever way comes first.</summary>
    /// <param name="fallbackEvent">The event.</param>
    /// <param name="cancellationToken">The device is going.</param>
    /// <returns>True only when the event is stored; then it is forgotten here. False, or an exception: it is tried again later, and by the usual way too.</returns>
    Task<bool> SendAsync(FallbackEvent fallbackEvent, CancellationToken cancellationToken);
}

/// <summary>An event that goes another way.</summary>
/// <param name="Identity">Its name for good.</param>
/// <param name="Topic">Its topic.</param>
/// <param name="ContentType">The media type of the payload, or null.</param>
/// <param name="Payload">Its content.</param>
/// <param name="PublishedAt">When it was published, by the device's clock.</param>
public sealed record FallbackEvent(EventIdentity Identity, string Topic, string? ContentType, ReadOnlyMemory<byte> Payload, DateTimeOffset PublishedAt)
{
    /// <summary>The user property <c>hf-receipt</c> of an event that waits for more than to be stored, or null.</summary>
    public string? Receipt { get; init; }
}
