using System.IO.Hashing;

namespace Holdfast.Log.Partitions;

/// <summary>
/// Which partition a topic belongs to. The key of a topic is the device id below <c>devices/{id}/</c>, else the whole topic, so that
/// the events of one device, and of one topic, keep their order.
/// </summary>
public static class Partitioning
{
    /// <summary>The number of partitions of a new store. It never changes afterwards.</summary>
    public const int DefaultPartitionCount = 16;

    private static ReadOnlySpan<byte> DevicesPrefix => "devices/"u8;

    /// <summary>The part of the topic that decides its partition.</summary>
    /// <param name="topic">A topic name in UTF-8.</param>
    public static ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> topic) => TryGetDevice(topic, out var device) ? device : topic;

    /// <summary>The device id of a topic of the form <c>devices/{id}/…</c>.</summary>
    /// <param name="topic">A topic name in UTF-8.</param>
    /// <param name="device">The device id, without the levels around it.</param>
    public static bool TryGetDevice(ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> device)
    {
        device = default;
        if (!topic.StartsWith(DevicesPrefix))
        {
            return false;
        }

        var rest = topic[DevicesPrefix.Length..];
        var end = rest.IndexOf((byte)'/');
        if (end <= 0)
        {
            return false;
        }

        device = rest[..end];
        return true;
    }

    /// <summary>A hash of product and key that is the same on every machine and in every version: it is stored in the log.</summary>
    /// <param name="product">The product's name in UTF-8.</param>
    /// <param name="key">The key, see <see cref="KeyOf"/>.</param>
    public static ulong KeyHash(ReadOnlySpan<byte> product, ReadOnlySpan<byte> key)
        => XxHash3.HashToUInt64(key, (long)XxHash3.HashToUInt64(product));

    /// <summary>The partition of a key.</summary>
    /// <param name="keyHash">A hash made by <see cref="KeyHash"/>.</param>
    /// <param name="partitionCount">The store's number of partitions.</param>
    public static int PartitionOf(ulong keyHash, int partitionCount) => (int)(keyHash % (ulong)partitionCount);

    /// <summary>Whether a partition may hold a record of some keys.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="keys">Hashes made by <see cref="KeyHash"/>; null for every key there is.</param>
    /// <param name="partitionCount">The store's number of partitions.</param>
    public static bool MayHold(int partition, IReadOnlySet<ulong>? keys, int partitionCount)
        => keys is null || keys.Any(key => PartitionOf(key, partitionCount) == partition);
}
