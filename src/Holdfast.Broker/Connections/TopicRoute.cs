using Holdfast.Broker.Access;
using Holdfast.Log.Partitions;

namespace Holdfast.Broker.Connections;

/// <summary>Where a topic's records go, once it is known that the client may publish there. Kept for a connection's last topic, because most connections publish to few.</summary>
internal sealed class TopicRoute
{
    private readonly byte[] _topic;
    private readonly Rights _rights;

    private static ReadOnlySpan<byte> DevicesLevel => "devices/"u8;

    private static ReadOnlySpan<byte> EventsLevel => "/events"u8;

    public TopicRoute(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic, Rights rights, int partitionCount)
    {
        _rights = rights;
        _topic = topic.ToArray();
        IsDevice = Partitioning.TryGetDevice(topic, out var device);
        TakesBatches = IsDevice && topic[(DevicesLevel.Length + device.Length)..].SequenceEqual(EventsLevel) && rights.MayPublishBelow(topic);
        KeyHash = Partitioning.KeyHash(product, Partitioning.KeyOf(topic));
        Partition = Partitioning.PartitionOf(KeyHash, partitionCount);
    }

    public ulong KeyHash { get; }

    public int Partition { get; }

    /// <summary>Below <c>devices/{id}/</c>, where a stream and a sequence count.</summary>
    public bool IsDevice { get; }

    /// <summary>The topic is <c>devices/{id}/events</c>, where a device publishes batches, and the client may publish everything below.</summary>
    public bool TakesBatches { get; }

    /// <summary>Whether it is for this topic, and was made under these rights.</summary>
    public bool IsFor(ReadOnlySpan<byte> topic, Rights rights) => rights == _rights && topic.SequenceEqual(_topic);
}
