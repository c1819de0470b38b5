namespace Holdfast.Device;

/// <summary>What an event is called for good, in the outbox and in the cloud, which keeps one event for each identity.</summary>
/// <param name="Stream">The random id of the sequence.</param>
/// <param name="Sequence">The number within the stream; one more for each event.</param>
public readonly record struct EventIdentity(string Stream, ulong Sequence);
