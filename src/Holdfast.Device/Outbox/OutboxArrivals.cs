namespace Holdfast.Device.Outbox;

/// <summary>What has come into the outbox since it was opened.</summary>
/// <param name="Bytes">Payload bytes that were flushed.</param>
/// <param name="Urgent">Urgent events that were flushed.</param>
/// <param name="Next">Ends with the next flush.</param>
internal readonly record struct OutboxArrivals(long Bytes, long Urgent, Task Next);

/// <summary>What was read from the outbox at once.</summary>
/// <param name="Events">The events; none when every flushed one was read.</param>
/// <param name="Arrivals">As of the reading.</param>
internal readonly record struct OutboxReading(IReadOnlyList<StoredEvent> Events, OutboxArrivals Arrivals);
