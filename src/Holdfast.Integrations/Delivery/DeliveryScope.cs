using System.Text;
using Holdfast.Broker.Events;
using Holdfast.Broker.Reading;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Delivery;

/// <summary>Which records an integration carries, and where that ends.</summary>
/// <param name="events">The product, the filter, the device and the time.</param>
/// <param name="partitionCount">The number of partitions of the log.</param>
internal sealed class DeliveryScope(EventScope events, int partitionCount)
{
    private readonly byte[] _namePrefix = [];
    private readonly byte[] _withoutPublisher = [];
    private readonly long[][]? _places;

    /// <summary>What the name of an event begins with; empty for all.</summary>
    public string NamePrefix
    {
        init => _namePrefix = Encoding.UTF8.GetBytes(value);
    }

    /// <summary>Whether nothing is wanted at all.</summary>
    public bool IsEmpty { get; init; }

    /// <summary>Whose messages are left out; empty for nobody's. What came in by a bridge does not go out by it.</summary>
    public string WithoutPublisher
    {
        init => _withoutPublisher = Encoding.UTF8.GetBytes(value);
    }

    /// <summary>Whether what receivers have answered to devices is left out: an integration that makes such answers must not carry them again.</summary>
    public bool WithoutResponses { get; init; }

    /// <summary>For each partition the offset where the integration is done; null when it goes on for ever.</summary>
    public long[]? Ends { get; init; }

    /// <summary>The only offsets of each partition that are wanted, in order; null for all.</summary>
    public long[][]? Places
    {
        get => _places;
        init => _places = value is null || value.Length == partitionCount ? value : throw new ArgumentException("One list for each partition.", nameof(value));
    }

    /// <summary>The key hashes of everything that can match, when they are known; else null.</summary>
    public IReadOnlySet<ulong>? Keys => events.Keys;

    /// <summary>Receipts are for devices: an integration that carried them would tell itself what it has done.</summary>
    private static ReadOnlySpan<byte> ReceiptsLevel => "/receipts/"u8;

    private static ReadOnlySpan<byte> ResponsesLevel => "/responses/"u8;

    /// <summary>Whether anything in a partition can match.</summary>
    public bool Includes(int partition) => !IsEmpty && events.Includes(partition) && (_places is null || _places[partition].Length > 0);

    /// <summary>The offset where a partition ends.</summary>
    public long End(int partition) => Ends?[partition] ?? long.MaxValue;

    /// <summary>The first offset at or after a position that is wanted; the position itself unless single places are.</summary>
    public long NextWanted(int partition, long position)
    {
        if (_places is null)
        {
            return position;
        }

        var places = _places[partition];
        var index = Array.BinarySearch(places, position);
        index = index < 0 ? ~index : index;
        return index < places.Length ? places[index] : Math.Max(position, End(partition));
    }

    /// <summary>Whether a record is wanted.</summary>
    public bool Includes(in RecordView view, in PublishRecord record)
        => (_places is null || Array.BinarySearch(_places[view.Partition], view.Offset) >= 0)
            && events.Includes(record)
            && (_namePrefix.Length == 0 || EventFacts.NameOf(record.Topic).StartsWith(_namePrefix))
            && !IsBelow(record.Topic, ReceiptsLevel)
            && (_withoutPublisher.Length == 0 || !record.Publisher.SequenceEqual(_withoutPublisher))
            && !(WithoutResponses && IsBelow(record.Topic, ResponsesLevel));

    private static bool IsBelow(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> level)
        => Partitioning.TryGetDevice(topic, out var device) && topic["devices/".Length..][device.Length..].StartsWith(level);
}
