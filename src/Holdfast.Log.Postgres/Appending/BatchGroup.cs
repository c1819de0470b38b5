using Holdfast.Log.Batches;
using Holdfast.Log.Postgres.Reading;
using Holdfast.Log.Segments.Format;

namespace Holdfast.Log.Postgres.Appending;

/// <summary>
/// The batches of one append as the columns of the statement, made once and sent as often as it takes. It holds references, because an
/// attempt that was given up may still be on its way when the append has long been answered.
/// </summary>
internal sealed class BatchGroup
{
    private readonly RecordBatch[] _batches;
    private int _users = 1;

    private BatchGroup(RecordBatch[] batches)
    {
        _batches = batches;
        var count = batches.Length;
        Partitions = new short[count];
        BaseOffsets = new long[count];
        Counts = new int[count];
        FirstReceivedAt = new long[count];
        LastReceivedAt = new long[count];
        Lengths = new int[count];
        Checksums = new int[count];
        KeyFilters = new byte[count][];
        Bodies = new ReadOnlyMemory<byte>[count];
        for (var i = 0; i < count; i++)
        {
            Describe(i, batches[i]);
        }
    }

    public int Count => _batches.Length;

    public long Bytes { get; private set; }

    public short[] Partitions { get; }

    public long[] BaseOffsets { get; }

    public int[] Counts { get; }

    public long[] FirstReceivedAt { get; }

    public long[] LastReceivedAt { get; }

    public int[] Lengths { get; }

    public int[] Checksums { get; }

    public byte[][] KeyFilters { get; }

    public ReadOnlyMemory<byte>[] Bodies { get; }

    /// <summary>Takes references to some batches, in the order of their partitions, which is the order of the locks.</summary>
    public static BatchGroup Take(ReadOnlySpan<RecordBatch> batches)
    {
        var ordered = batches.ToArray();
        Array.Sort(ordered, (left, right) => left.Partition.CompareTo(right.Partition));
        foreach (var batch in ordered)
        {
            if (!batch.TryAddReference())
            {
                throw new ArgumentException($"Partition {batch.Partition}: the batch at {batch.BaseOffset} was released before it was appended.");
            }
        }

        return new BatchGroup(ordered);
    }

    public long NextOffset(int index) => BaseOffsets[index] + Counts[index];

    /// <summary>Another attempt uses the batches until it calls <see cref="Release"/>.</summary>
    public void Use() => Interlocked.Increment(ref _users);

    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Array.ForEach(_batches, batch => batch.Release());
        }
    }

    private void Describe(int index, RecordBatch batch)
    {
        Partitions[index] = (short)batch.Partition;
        BaseOffsets[index] = batch.BaseOffset;
        Counts[index] = batch.Count;
        LastReceivedAt[index] = batch.LastReceivedAtMilliseconds;
        Lengths[index] = batch.Body.Length;
        Checksums[index] = (int)Crc32C.Of(batch.Body.Span);
        Bodies[index] = batch.Body;
        Bytes += batch.Body.Length;
        var first = batch.LastReceivedAtMilliseconds;
        var keys = new HashSet<ulong>(batch.Count);
        foreach (var record in batch)
        {
            keys.Add(record.KeyHash);
            first = Math.Min(first, record.ReceivedAtMilliseconds);
        }

        FirstReceivedAt[index] = first;
        KeyFilters[index] = KeyFilter.Of(keys);
    }
}
