namespace Holdfast.Device.Outbox;

/// <summary>An outbox in memory that outlives its device object: what a simulated device has instead of a disk.</summary>
public sealed class OutboxMemory
{
    internal MemoryOutboxFiles Files { get; } = new();
}
