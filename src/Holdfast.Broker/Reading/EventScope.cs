using System.Text;
using Holdfast.Broker.Topics;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Reading;

/// <summary>Which records a reader of the log wants: the messages of one product that match a filter, a device and a time.</summary>
public sealed class EventScope
{
    private readonly byte[] _product;
    private readonly byte[]? _device;
    private readonly TopicFilter _filter;
    private readonly bool[]? _partitions;

    /// <summary>Describes what is wanted.</summary>
    /// <param name="product">The product.</param>
    /// <param name="filter">The topic filter; the name of a shared subscription in it means nothing here.</param>
    /// <param name="partitionCount">The number of partitions of the log.</param>
    /// <param name="device">The device whose topics are wanted; null for all topics.</param>
    public EventScope(string product, TopicFilter filter, int partitionCount, string? device = null)
    {
        _product = Encoding.UTF8.GetBytes(product);
        _device = device is null ? null : Encoding.UTF8.GetBytes(device);
        _filter = filter;
        var keys = _device is null ? filter.LiteralKeys() : [_device];
        if (keys.Count == 0)
        {
            return;
        }

        Keys = keys.Select(key => Partitioning.KeyHash(_product, key)).ToHashSet();
        _partitions = [.. Enumerable.Range(0, partitionCount).Select(partition => Partitioning.MayHold(partition, Keys, partitionCount))];
    }

    /// <summary>The first time of receipt that is wanted, in Unix milliseconds.</summary>
    public long FromMilliseconds { get; init; } = long.MinValue;

    /// <summary>The time after the last one that is wanted, in Unix milliseconds.</summary>
    public long ToMilliseconds { get; init; } = long.MaxValue;

    /// <summary>The key hashes of everything that can match, when they are known; else null.</summary>
    public IReadOnlySet<ulong>? Keys { get; }

    /// <summary>Whether anything in a partition can match.</summary>
    /// <param name="partition">The partition.</param>
    public bool Includes(int partition) => _partitions is null || _partitions[partition];

    /// <summary>Whether a record matches.</summary>
    /// <param name="record">The record.</param>
    public bool Includes(in PublishRecord record)
        => (Keys is null || Keys.Contains(record.KeyHash))
            && record.ReceivedAtMilliseconds >= FromMilliseconds
            && record.ReceivedAtMilliseconds < ToMilliseconds
            && record.Product.SequenceEqual(_product)
            && (_device is null || (Partitioning.TryGetDevice(record.Topic, out var device) && device.SequenceEqual(_device)))
            && _filter.Matches(record.Topic);
}
