using System.Globalization;

namespace Holdfast.Log.Segments.Format;

/// <summary>The names of the files of a store.</summary>
internal static class SegmentNames
{
    public const string Lock = "lock";
    public const string Metadata = "store";
    public const string Reserve = "reserve";
    private const string SegmentEnding = ".segment";
    private const string IndexEnding = ".index";

    public static string Segment(string directory, long sequence) => Path.Combine(directory, Stem(sequence) + SegmentEnding);

    public static string Index(string directory, long sequence) => Path.Combine(directory, Stem(sequence) + IndexEnding);

    public static long? SequenceOfSegment(string fileName) => SequenceOf(fileName, SegmentEnding);

    public static long? SequenceOfIndex(string fileName) => SequenceOf(fileName, IndexEnding);

    private static string Stem(long sequence) => sequence.ToString("D12", CultureInfo.InvariantCulture);

    private static long? SequenceOf(string fileName, string ending)
        => fileName.EndsWith(ending, StringComparison.Ordinal)
            && long.TryParse(fileName.AsSpan(0, fileName.Length - ending.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? sequence
            : null;
}
