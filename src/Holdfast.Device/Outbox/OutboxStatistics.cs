namespace Holdfast.Device.Outbox;

/// <summary>What is in the outbox, and what became of events.</summary>
/// <param name="Waiting">Events that have not reached their level yet.</param>
/// <param name="Bytes">Bytes that the outbox takes.</param>
/// <param name="OldestWaitingAge">The age of the oldest event that waits, by the device's clock; null when none is flushed and waits.</param>
/// <param name="Dropped">Events that were accepted and given up, for want of room, by age, or because the cloud rejected them; since the outbox was made.</param>
/// <param name="Refused">Events that were not accepted because the outbox was full; since this start.</param>
/// <param name="DamagedBytes">Bytes that could not be read back since this start.</param>
/// <param name="BytesWritten">Bytes written to files since this start.</param>
/// <param name="Flushes">Groups of events that were flushed since this start.</param>
public sealed record OutboxStatistics(
    long Waiting, long Bytes, TimeSpan? OldestWaitingAge, ulong Dropped, long Refused, long DamagedBytes, long BytesWritten, long Flushes)
{
    /// <summary>Of the waiting events, those that the cloud has stored and that wait for their receipts.</summary>
    public long AwaitingDelivery { get; init; }

    /// <summary>Events that were stored and forgotten without having reached their level: an integration never will deliver them, or no receipt came within the age; since this start.</summary>
    public long Undelivered { get; init; }
}
