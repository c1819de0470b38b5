using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Holdfast.Log.Segments.Files;

namespace Holdfast.Log.Segments.Format;

/// <summary>What was fixed when the store was made. A small text file, so that people can read it.</summary>
/// <param name="Incarnation">Names this life of the store.</param>
/// <param name="PartitionCount">The number of partitions.</param>
/// <param name="Salt">The start value of the checksums of headers, see <see cref="BatchHeader"/>.</param>
internal sealed record StoreMetadata(string Incarnation, int PartitionCount, uint Salt)
{
    private const string FirstLine = "holdfast-log";
    private const int FormatVersion = 1;
    private const int MaximumBytes = 4096;
    private const int IncarnationLength = 10;
    private const string IncarnationAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";

    public static StoreMetadata New(int partitionCount) => new(
        RandomNumberGenerator.GetString(IncarnationAlphabet, IncarnationLength),
        partitionCount,
        BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint))));

    public void Save(ISegmentFileSystem files, string directory)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{FirstLine} {FormatVersion}\nincarnation {Incarnation}\npartitions {PartitionCount}\nsalt {Salt:x8}\n");
        AtomicFile.Write(files, Path.Combine(directory, SegmentNames.Metadata), [Encoding.ASCII.GetBytes(text)]);
    }

    /// <summary>Reads the file; null when there is none.</summary>
    /// <exception cref="StoreUnusableException">It is not readable, or of another version.</exception>
    public static StoreMetadata? TryLoad(ISegmentFileSystem files, string directory)
    {
        var path = Path.Combine(directory, SegmentNames.Metadata);
        byte[]? content;
        try
        {
            content = AtomicFile.TryRead(files, path, MaximumBytes);
        }
        catch (InvalidDataException error)
        {
            throw new StoreUnusableException($"{path} is not the description of a Holdfast log: {error.Message}", error);
        }

        if (content is null)
        {
            return null;
        }

        var fields = Encoding.ASCII.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', 2)).Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => pair[1]);
        if (!fields.TryGetValue(FirstLine, out var version))
        {
            throw new StoreUnusableException($"{path} is not the description of a Holdfast log.");
        }

        if (version != FormatVersion.ToString(CultureInfo.InvariantCulture))
        {
            throw new StoreUnusableException($"{path} has format version {version}; this program reads version {FormatVersion}.");
        }

        if (!fields.TryGetValue("incarnation", out var incarnation) || incarnation.Length == 0
            || !int.TryParse(fields.GetValueOrDefault("partitions"), NumberStyles.None, CultureInfo.InvariantCulture, out var partitions)
            || !uint.TryParse(fields.GetValueOrDefault("salt"), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var salt))
        {
            throw new StoreUnusableException($"{path} is damaged: it must name an incarnation, a number of partitions and a salt.");
        }

        return new StoreMetadata(incarnation, partitions, salt);
    }
}
