using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;

namespace Holdfast.Log.Segments.Indexes;

/// <summary>
/// The index file of a sealed segment: a header and one section for each partition, loaded when somebody reads that partition. Its being
/// there means that the segment is sealed: cut to its data and flushed.
/// </summary>
internal static class IndexFile
{
    /// <summary>Writes the index of a segment durably.</summary>
    /// <returns>What was written.</returns>
    public static IndexHeader Write(ISegmentFileSystem files, string directory, uint salt, long sequence, long dataEnd, long[] baseOffsets, MemorySegmentIndex index)
    {
        var parts = new List<ReadOnlyMemory<byte>> { default };
        var sections = new IndexSection[index.PartitionCount];
        long position = IndexHeader.Size(index.PartitionCount);
        for (var i = 0; i < sections.Length; i++)
        {
            var bytes = SectionIndex.Write(index[i]);
            sections[i] = new IndexSection(baseOffsets[i], index[i].NextOffset, position, bytes.Length, Crc32C.Of(bytes));
            parts.Add(bytes);
            position += bytes.Length;
        }

        var header = new IndexHeader(sequence, dataEnd, index.MinimumReceivedAt, index.MaximumReceivedAt, sections);
        var headerBytes = new byte[IndexHeader.Size(sections.Length)];
        header.WriteTo(headerBytes, salt);
        parts[0] = headerBytes;
        AtomicFile.Write(files, SegmentNames.Index(directory, sequence), parts);
        return header;
    }

    /// <summary>Reads the header; null when there is no file, or a damaged one.</summary>
    public static IndexHeader? TryReadHeader(ISegmentFileSystem files, string directory, uint salt, long sequence, int partitionCount)
    {
        try
        {
            using var file = files.OpenRead(SegmentNames.Index(directory, sequence));
            var bytes = new byte[IndexHeader.Size(partitionCount)];
            return file.Read(bytes, 0) == bytes.Length ? IndexHeader.TryRead(bytes, salt, sequence, partitionCount) : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Reads one partition's section; null when there is no file, or a damaged one.</summary>
    public static SectionIndex? TryReadSection(ISegmentFileSystem files, string directory, IndexHeader header, int partition)
    {
        var section = header.Sections[partition];
        try
        {
            using var file = files.OpenRead(SegmentNames.Index(directory, header.Sequence));
            var bytes = new byte[section.Length];
            return file.Read(bytes, section.Position) == bytes.Length && Crc32C.Of(bytes) == section.Checksum ? SectionIndex.TryRead(bytes) : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
