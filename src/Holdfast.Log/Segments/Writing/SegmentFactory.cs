using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.Segments.Indexes;

namespace Holdfast.Log.Segments.Writing;

/// <summary>Makes the files of new segments; the next one ahead of its use, so that a commit does not wait for it.</summary>
internal sealed class SegmentFactory(StoreFiles files, DiskRoom room, int segmentBytes)
{
    private Task<ISegmentFile?>? _prepared;
    private long _preparedSequence;

    /// <summary>Begins to make a file in the background.</summary>
    /// <param name="sequence">The number of its segment.</param>
    public void Prepare(long sequence)
    {
        _preparedSequence = sequence;
        _prepared = Task.Run(() =>
        {
            try
            {
                return MakeFile(sequence);
            }
            catch (IOException)
            {
                // The commit that needs the file tries again, and knows what to say.
                return null;
            }
        });
    }

    /// <summary>Begins a segment.</summary>
    /// <param name="sequence">Its number.</param>
    /// <param name="baseOffsets">The next offset of each partition.</param>
    /// <exception cref="IOException">The file could not be made.</exception>
    public SegmentWriter Begin(long sequence, long[] baseOffsets)
    {
        var file = (_preparedSequence == sequence ? TakePrepared() : null) ?? MakeFile(sequence);
        var segment = new Segment(sequence, baseOffsets) { Memory = new MemorySegmentIndex(baseOffsets) };
        return new SegmentWriter(file, segment, files.Salt);
    }

    /// <summary>Removes the file that was made ahead and not used.</summary>
    public void DiscardPrepared()
    {
        var file = TakePrepared();
        if (file is not null)
        {
            file.Dispose();
            files.System.Delete(SegmentNames.Segment(files.Directory, _preparedSequence));
        }
    }

    /// <summary>Forgets the file that was made ahead, and leaves it where it is.</summary>
    public void ClosePrepared() => TakePrepared()?.Dispose();

    private ISegmentFile? TakePrepared()
    {
        var prepared = _prepared;
        _prepared = null;
        return prepared?.GetAwaiter().GetResult();
    }

    private ISegmentFile MakeFile(long sequence)
    {
        var file = files.System.Create(SegmentNames.Segment(files.Directory, sequence));
        try
        {
            if (room.HasRoomToPreallocate())
            {
                file.TryPreallocate(segmentBytes);
            }

            file.Flush();
            files.System.FlushDirectory(files.Directory);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
