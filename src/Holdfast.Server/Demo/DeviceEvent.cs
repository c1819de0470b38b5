namespace Holdfast.Server.Demo;

/// <summary>What names an event through every resend and redelivery.</summary>
/// <param name="Stream">The random id of the device's outbox.</param>
/// <param name="Sequence">From 1, without gaps.</param>
internal readonly record struct EventKey(string Stream, ulong Sequence);

/// <summary>An event in a device's outbox.</summary>
/// <param name="Key">Its identity.</param>
/// <param name="Topic">Where it goes.</param>
/// <param name="Payload">What it says, JSON.</param>
internal sealed record DeviceEvent(EventKey Key, string Topic, byte[] Payload);
