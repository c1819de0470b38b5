using Holdfast.Log.Partitions;

namespace Holdfast.Broker.Connections;

/// <summary>Where a topic's records go. Kept for a connection's last topic, because most connections publish to few.</summary>
internal sealed class TopicRoute
{
    private readonly byte[] _topic;

    private static ReadOnlySpan<byte> DevicesLevel => "devices/"u8;

    private static ReadOnlySpan<byte> EventsLevel => "/events"u8;

    public TopicRoute(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic, int partitionCount)
    {
        _topic = topic.ToArray();
        IsDevice = Partitioning.TryGetDevice(topic, out var device);
        TakesBatches = IsDevice && topic[(DevicesLevel.Length + device.Length)..].SequenceEqual(EventsLevel);
        KeyHash = Partitioning.KeyHash(product, Partitioning.KeyOf(topic));
        Partition = Partitioning.PartitionOf(KeyHash, partitionCount);
    }

    public ulong KeyHash { get; }

    public int Partition { get; }

    /// <summary>Below <c>devices/{id}/</c>, where a stream and a sequence count.</summary>
    public bool IsDevice { get; }

    /// <summary>The topic is <c>devices/{id}/events</c>, where a device publishes batches.</summary>
    public bool TakesBatches { get; }

    public bool IsFor(ReadOnlySpan<byte> topic) => topic.SequenceEqual(_topic);
}
