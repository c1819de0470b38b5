using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;

namespace Holdfast.Log.Segments;

/// <summary>The files of an open store, and what is needed to understand them.</summary>
internal sealed record StoreFiles(ISegmentFileSystem System, string Directory, StoreMetadata Metadata)
{
    /// <summary>The start value of header checksums.</summary>
    public uint Salt => Metadata.Salt;

    public int PartitionCount => Metadata.PartitionCount;

    public ISegmentFile OpenSegment(Segment segment) => System.OpenRead(SegmentNames.Segment(Directory, segment.Sequence));

    /// <summary>A place as people read it.</summary>
    public static string Place(long sequence, long position) => $"{Path.GetFileName(SegmentNames.Segment(string.Empty, sequence))} @ {position}";
}
