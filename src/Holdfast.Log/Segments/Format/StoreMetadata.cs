using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Holdfast.Log.Partitions;
using Holdfast.Log.Segments.Files;

namespace Holdfast.Log.Segments.Format;

/// <summary>What was fixed when the store was made. A small text file, so that people can read it.</summary>
/// <param name="Incarnations">The lives of the store.</param>
/// <param name="PartitionCount">The number of partitions.</param>
/// <param name="Salt">The start value of the checksums of headers, see <see cref="BatchHeader"/>.</param>
internal sealed record StoreMetadata(Incarnations Incarnations, int PartitionCount, uint Salt)
{
    private const string FirstLine = "holdfast-log";
    private const int FormatVersion = 1;
    private const string Earlier = "earlier";

    /// <summary>Room for more than a hundred restores.</summary>
    private const int MaximumBytes = 64 * 1024;
    private const int IncarnationLength = 10;
    private const string IncarnationAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";

    public static StoreMetadata New(int partitionCount) => new(
        new Incarnations(NewName(), []),
        partitionCount,
        BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint))));

    /// <summary>The next life of the store, after a restore.</summary>
    /// <param name="endOffsets">Where each partition ends.</param>
    public StoreMetadata Next(long[] endOffsets)
        => this with { Incarnations = new Incarnations(NewName(), [.. Incarnations.Earlier, new EarlierIncarnation(Incarnations.Current, endOffsets)]) };

    public void Save(ISegmentFileSystem files, string directory)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{FirstLine} {FormatVersion}\nincarnation {Incarnations.Current}\npartitions {PartitionCount}\nsalt {Salt:x8}\n");
        foreach (var life in Incarnations.Earlier)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Earlier} {life.Name} {string.Join(',', life.EndOffsets)}\n");
        }

        AtomicFile.Write(files, Path.Combine(directory, SegmentNames.Metadata), [Encoding.ASCII.GetBytes(text.ToString())]);
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

        List<string[]> lines = [.. Encoding.ASCII.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 2)).Where(pair => pair.Length == 2)];
        var fields = lines.Where(pair => pair[0] != Earlier).DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => pair[1]);
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

        var earlier = lines.Where(pair => pair[0] == Earlier).Select(pair => LifeIn(pair[1], partitions)).ToList();
        return earlier.TrueForAll(life => life is not null)
            ? new StoreMetadata(new Incarnations(incarnation, earlier!), partitions, salt)
            : throw new StoreUnusableException($"{path} is damaged: an earlier life of the store must have a name and {partitions} offsets.");
    }

    private static string NewName() => RandomNumberGenerator.GetString(IncarnationAlphabet, IncarnationLength);

    private static EarlierIncarnation? LifeIn(string line, int partitions)
    {
        var parts = line.Split(' ');
        var offsets = new List<long>();
        foreach (var text in parts.Length == 2 ? parts[1].Split(',') : [])
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
            {
                return null;
            }

            offsets.Add(offset);
        }

        return offsets.Count == partitions ? new EarlierIncarnation(parts[0], [.. offsets]) : null;
    }
}
