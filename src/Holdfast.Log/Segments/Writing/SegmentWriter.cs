using Holdfast.Log.Batches;
using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.Segments.Indexes;

namespace Holdfast.Log.Segments.Writing;

/// <summary>Writes groups to the end of one segment file. For one thread; nothing is allocated for a group but what the system call needs.</summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly ISegmentFile _file;
    private readonly uint _salt;
    private readonly List<ReadOnlyMemory<byte>> _buffers = [];
    private readonly BatchHeader[] _headers;
    private readonly byte[] _scratch;
    private long _allocated;
    private int _pending;

    /// <summary>Begins an empty segment.</summary>
    /// <param name="file">The file, empty or filled with zeros.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="salt">The store's salt.</param>
    public SegmentWriter(ISegmentFile file, Segment segment, uint salt)
    {
        _file = file;
        _salt = salt;
        _allocated = file.Length;
        Segment = segment;
        var partitions = segment.BaseOffsets.Length;
        _headers = new BatchHeader[partitions];
        _scratch = new byte[SegmentHeader.Size(partitions) + partitions * (BatchHeader.Size + BatchHeader.Alignment)];
    }

    /// <summary>The segment.</summary>
    public Segment Segment { get; }

    /// <summary>The end of what was committed; 0 while the segment is empty.</summary>
    public int End { get; private set; }

    /// <summary>How much of the disk a group will take in addition to what the segment holds already.</summary>
    public long MissingRoom(long groupLength) => Math.Max(0, End + groupLength - _allocated);

    /// <summary>Bytes that a group takes, with the segment's header when it comes first.</summary>
    public long LengthOf(ReadOnlySpan<RecordBatch> group)
    {
        long length = End == 0 ? SegmentHeader.Size(Segment.BaseOffsets.Length) : 0;
        foreach (var batch in group)
        {
            length += BatchHeader.LengthInFile(batch.Body.Length);
        }

        return length;
    }

    /// <summary>Writes a group behind what was committed, in one call. It is not flushed, and not committed.</summary>
    public void Write(ReadOnlySpan<RecordBatch> group)
    {
        _buffers.Clear();
        var used = 0;
        if (End == 0)
        {
            used = SegmentHeader.Size(Segment.BaseOffsets.Length);
            SegmentHeader.Write(_scratch, _salt, Segment.Sequence, Segment.BaseOffsets);
            _buffers.Add(_scratch.AsMemory(0, used));
        }

        var groupPosition = End + used;
        var groupLength = (int)LengthOf(group) - used;
        var position = groupPosition;
        for (var i = 0; i < group.Length; i++)
        {
            var batch = group[i];
            _headers[i] = BatchHeader.Of(batch, Segment.Number, position, groupPosition, groupLength);
            _headers[i].WriteTo(_scratch.AsSpan(used), _salt);
            _buffers.Add(_scratch.AsMemory(used, BatchHeader.Size));
            _buffers.Add(batch.Body);
            used += BatchHeader.Size;
            position = _headers[i].End;
            var padding = position - (_headers[i].Position + BatchHeader.Size + batch.Body.Length);
            if (padding > 0)
            {
                _scratch.AsSpan(used, padding).Clear();
                _buffers.Add(_scratch.AsMemory(used, padding));
                used += padding;
            }
        }

        _pending = position;
        _file.Write(_buffers, End);
    }

    /// <summary>Makes the written group durable.</summary>
    public void Flush() => _file.Flush();

    /// <summary>Takes back what was written after the last commit, durably: no later start can find it.</summary>
    public void RollBack()
    {
        _file.SetLength(End);
        _file.Flush();
        _allocated = End;
    }

    /// <summary>Counts the written group as committed and indexes it.</summary>
    public void Commit(ReadOnlySpan<RecordBatch> group)
    {
        var index = Segment.Memory!;
        for (var i = 0; i < group.Length; i++)
        {
            var header = _headers[i];
            var entry = new BatchEntry(header.BaseOffset, header.Position, header.BodyLength, header.Count, BatchEntryFlags.None);
            index[header.Partition].Add(entry, group[i].Body.Span);
        }

        End = _pending;
        _allocated = Math.Max(_allocated, End);
        Segment.Bytes = End;
        _buffers.Clear();
    }

    /// <summary>Gives the unused end of the file back, durably. Nothing is written afterwards.</summary>
    public void Seal()
    {
        _file.SetLength(End);
        _file.Flush();
    }

    public void Dispose() => _file.Dispose();
}
