using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Log.State;

namespace Holdfast.Log.Deduplication;

/// <summary>
/// The streams of one partition. A publisher's identity is (product, device, stream, sequence); the device is part of the partition key, so
/// a stream lies in one partition. Not thread-safe: the partition's lock guards it.
/// </summary>
public sealed class DeduplicationStreams
{
    /// <summary>The most streams of a partition that are remembered; beyond it, those unused for longest are forgotten at a checkpoint.</summary>
    public const int MaximumStreams = 100_000;

    /// <summary>Streams whose names begin so are the server's own; they may lie in any topic, and then belong to no device.</summary>
    public const char ServerPrefix = '$';

    private const int MaximumKeySize = 255 + 65_535 + 255 + 2;

    private readonly int _partition;
    private readonly Dictionary<byte[], StreamState> _streams = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], StreamState>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private HashSet<StreamState> _changed = [];

    /// <summary>Creates an empty set.</summary>
    /// <param name="partition">The partition.</param>
    public DeduplicationStreams(int partition)
    {
        _partition = partition;
        _lookup = _streams.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>The number of streams.</summary>
    public int Count => _streams.Count;

    /// <summary>Records the sequence of a record, if it has one.</summary>
    /// <param name="record">The record.</param>
    public SequenceStatus Add(in PublishRecord record)
    {
        var stream = Find(record);
        if (stream is null)
        {
            return SequenceStatus.New;
        }

        var status = stream.Ranges.Add(record.Sequence);
        if (status == SequenceStatus.New)
        {
            stream.LastSeenMilliseconds = Math.Max(stream.LastSeenMilliseconds, record.ReceivedAtMilliseconds);
            _changed.Add(stream);
        }

        return status;
    }

    /// <summary>Forgets the sequence of a record that was not stored after all.</summary>
    /// <param name="record">The record.</param>
    public void Remove(in PublishRecord record)
    {
        if (!record.PossibleDuplicate && Find(record) is { } stream)
        {
            stream.Ranges.Remove(record.Sequence);
            _changed.Add(stream);
        }
    }

    /// <summary>Records that a request of another node was taken. The requests of a node are a stream as well, of no product.</summary>
    /// <param name="sender">Names one life of the node.</param>
    /// <param name="number">The request.</param>
    /// <param name="nowMilliseconds">Unix milliseconds.</param>
    public SequenceStatus AddForwarded(ulong sender, long number, long nowMilliseconds)
    {
        var stream = FindForwarded(sender);
        var status = stream.Ranges.Add((ulong)number);
        if (status == SequenceStatus.New)
        {
            stream.LastSeenMilliseconds = Math.Max(stream.LastSeenMilliseconds, nowMilliseconds);
            _changed.Add(stream);
        }

        return status;
    }

    /// <summary>Forgets a request that was not stored after all.</summary>
    /// <param name="sender">Names one life of the node.</param>
    /// <param name="number">The request.</param>
    public void RemoveForwarded(ulong sender, long number)
    {
        var stream = FindForwarded(sender);
        stream.Ranges.Remove((ulong)number);
        _changed.Add(stream);
    }

    /// <summary>The streams that changed since the last call, for a checkpoint.</summary>
    public IReadOnlyList<StoredStream> TakeChanges()
    {
        var changed = _changed;
        if (changed.Count == 0)
        {
            return [];
        }

        _changed = [];
        var result = changed.Select(stream => stream.Store(_partition)).ToList();
        result.AddRange(ForgetOldest());
        return result;
    }

    /// <summary>Marks streams as changed again, because the checkpoint that took them was not saved.</summary>
    /// <param name="streams">What <see cref="TakeChanges"/> returned.</param>
    public void PutBack(IReadOnlyList<StoredStream> streams)
    {
        foreach (var stored in streams)
        {
            if (_streams.TryGetValue(stored.Key, out var stream))
            {
                _changed.Add(stream);
            }
        }
    }

    /// <summary>Restores a stream from a checkpoint.</summary>
    /// <param name="stored">The stream.</param>
    public void Load(StoredStream stored)
        => _streams[stored.Key] = new StreamState(stored.Key, SequenceRanges.Decode(stored.Ranges)) { LastSeenMilliseconds = stored.LastSeenMilliseconds };

    private List<StoredStream> ForgetOldest()
    {
        var excess = _streams.Count - MaximumStreams;
        if (excess <= 0)
        {
            return [];
        }

        var oldest = _streams.Values.OrderBy(stream => stream.LastSeenMilliseconds).Take(excess + (MaximumStreams / 10)).ToList();
        foreach (var stream in oldest)
        {
            _streams.Remove(stream.Key);
        }

        return oldest.ConvertAll(stream => new StoredStream(_partition, stream.Key, [], stream.LastSeenMilliseconds));
    }

    private StreamState? Find(in PublishRecord record)
    {
        if (record.Stream.IsEmpty || (!Partitioning.TryGetDevice(record.Topic, out var device) && record.Stream[0] != ServerPrefix))
        {
            return null;
        }

        var length = record.Product.Length + device.Length + record.Stream.Length + 2;
        Span<byte> key = length <= 1024 ? stackalloc byte[1024] : new byte[MaximumKeySize];
        key = key[..length];
        record.Product.CopyTo(key);
        key[record.Product.Length] = 0;
        device.CopyTo(key[(record.Product.Length + 1)..]);
        key[record.Product.Length + 1 + device.Length] = 0;
        record.Stream.CopyTo(key[(length - record.Stream.Length)..]);
        return FindOrAdd(key);
    }

    private StreamState FindForwarded(ulong sender)
    {
        Span<byte> key = stackalloc byte[1 + sizeof(ulong)];
        key[0] = 0; // No product: a product has a name.
        BinaryPrimitives.WriteUInt64LittleEndian(key[1..], sender);
        return FindOrAdd(key);
    }

    private StreamState FindOrAdd(ReadOnlySpan<byte> key)
    {
        if (!_lookup.TryGetValue(key, out var stream))
        {
            stream = new StreamState(key.ToArray(), new SequenceRanges());
            _streams.Add(stream.Key, stream);
        }

        return stream;
    }

    private sealed class StreamState(byte[] key, SequenceRanges ranges)
    {
        public byte[] Key { get; } = key;

        public SequenceRanges Ranges { get; } = ranges;

        public long LastSeenMilliseconds { get; set; }

        public StoredStream Store(int partition) => new(partition, Key, Ranges.Encode(), LastSeenMilliseconds);
    }

    private sealed class KeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static KeyComparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)XxHash3.HashToUInt64(alternate);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
