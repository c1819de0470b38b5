using System.Globalization;
using Holdfast.Log.Segments.Files;
using Microsoft.Extensions.Logging;

namespace Holdfast.Log.Attempts.Files;

/// <summary>
/// The attempts of one machine in append-only files, each with an index once it is full. A file is removed when the log keeps none of its events,
/// and no loss that it tells of is recent.
/// </summary>
public sealed class AttemptFileStore : IAttemptStore
{
    /// <summary>The directory of the journal, below the data directory.</summary>
    public const string DirectoryName = "attempts";

    private const string Ending = ".attempts";
    private const string IndexEnding = ".attempts-index";

    /// <summary>Indexes of sealed files in memory; each about 6 MB at most.</summary>
    private const int MostIndexes = 4;

    private readonly string _directory;
    private readonly int _partitionCount;
    private readonly ILogger _logger;
    private readonly AttemptFileLimits _limits;
    private readonly Lock _lock = new();
    private readonly LinkedList<(long Number, AttemptIndex Index)> _indexes = [];
    private SealedFile[] _sealed = [];
    private OpenAttemptFile _open;

    private AttemptFileStore(string directory, int partitionCount, ILogger logger, AttemptFileLimits limits)
    {
        _limits = limits;
        _directory = directory;
        _partitionCount = partitionCount;
        _logger = logger;
        Directory.CreateDirectory(directory);
        long[] numbers = [.. Directory.EnumerateFiles(directory, "*" + Ending).Select(path => NumberOf(path)).Order()];
        foreach (var number in numbers.SkipLast(1))
        {
            _sealed = [.. _sealed, Seal(number)];
        }

        var last = numbers.Length > 0 ? numbers[^1] : 1;
        _open = new OpenAttemptFile(PathOf(last, Ending), last);
    }

    /// <summary>Opens the journal in a directory, and makes it when there is none.</summary>
    /// <param name="directory">The directory, for the journal alone.</param>
    /// <param name="partitionCount">The number of partitions of the log.</param>
    /// <param name="logger">The log for operators.</param>
    public static Task<AttemptFileStore> OpenAsync(string directory, int partitionCount, ILogger logger)
        => OpenAsync(directory, partitionCount, logger, AttemptFileLimits.Default);

    internal static Task<AttemptFileStore> OpenAsync(string directory, int partitionCount, ILogger logger, AttemptFileLimits limits)
        => Task.Run(() => new AttemptFileStore(directory, partitionCount, logger, limits));

    /// <inheritdoc/>
    public ValueTask AppendAsync(IReadOnlyList<AttemptChunk> chunks, bool isFlushed)
    {
        if (_open.End > 0 && (_open.End >= _limits.MaximumBytes || _open.Count >= _limits.MaximumChunks))
        {
            BeginNext();
        }

        if (chunks.Count > 0)
        {
            _open.Append(chunks);
        }

        if (isFlushed)
        {
            _open.Flush();
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AttemptChunk>> ReadAsync(int partition, long bucket, long? offset, CancellationToken cancellationToken)
    {
        var key = AttemptIndexEntry.KeyOf(partition, bucket);
        var place = offset is { } wanted ? (int)(wanted & (AttemptChunk.BucketSize - 1)) : -1;
        var found = new List<AttemptChunk>();
        var files = Snapshot(out var open);
        foreach (var file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (bucket >= file.Buckets[partition].From && bucket < file.Buckets[partition].To)
            {
                ReadSealed(file.Number, index => index.Find(key), place, found);
            }
        }

        var entries = new List<AttemptIndexEntry>();
        var sources = open.Find(key, entries);
        Read(open.Number, entries.ToArray(), sources, place, found);
        return ValueTask.FromResult<IReadOnlyList<AttemptChunk>>(found);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AttemptChunk>> ReadLossesAsync(long sinceMilliseconds, CancellationToken cancellationToken)
    {
        var found = new List<AttemptChunk>();
        var files = Snapshot(out var open);
        foreach (var file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (file.LossAtMilliseconds > 0 && file.LossAtMilliseconds >= sinceMilliseconds)
            {
                ReadSealed(file.Number, index => index.FindLosses(), -1, found);
            }
        }

        var entries = new List<AttemptIndexEntry>();
        var sources = open.FindLosses(entries);
        Read(open.Number, entries.ToArray(), sources, -1, found);
        return ValueTask.FromResult<IReadOnlyList<AttemptChunk>>([.. found.Where(chunk => chunk.LossAtMilliseconds >= sinceMilliseconds)]);
    }

    /// <inheritdoc/>
    public ValueTask RetainAsync(ReadOnlyMemory<long> firstOffsets, long lossesSinceMilliseconds, CancellationToken cancellationToken)
    {
        foreach (var file in Snapshot(out _))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if ((file.LossAtMilliseconds > 0 && file.LossAtMilliseconds >= lossesSinceMilliseconds) || !IsBefore(file, firstOffsets.Span))
            {
                continue;
            }

            lock (_lock)
            {
                _sealed = [.. _sealed.Where(one => one.Number != file.Number)];
            }

            File.Delete(PathOf(file.Number, Ending));
            File.Delete(PathOf(file.Number, IndexEnding));
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _open.Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool IsBefore(SealedFile file, ReadOnlySpan<long> firstOffsets)
    {
        for (var partition = 0; partition < firstOffsets.Length; partition++)
        {
            if (file.Buckets[partition].To << AttemptChunk.BucketBits > firstOffsets[partition])
            {
                return false;
            }
        }

        return true;
    }

    private static long NumberOf(string path)
        => long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new IOException($"{path} is no file of the journal of attempts. Move it elsewhere.");

    private string PathOf(long number, string ending) => Path.Combine(_directory, number.ToString("D12", CultureInfo.InvariantCulture) + ending);

    private SealedFile[] Snapshot(out OpenAttemptFile open)
    {
        lock (_lock)
        {
            open = _open;
            return _sealed;
        }
    }

    private void BeginNext()
    {
        var full = _open;
        full.Flush();
        var index = full.ToIndex();
        WriteIndex(full.Number, index);
        var next = new OpenAttemptFile(PathOf(full.Number + 1, Ending), full.Number + 1);
        lock (_lock)
        {
            _sealed = [.. _sealed, new SealedFile(full.Number, index.Buckets(_partitionCount), index.LossAtMilliseconds)];
            _open = next;
        }

        full.Dispose();
    }

    /// <summary>A file that was sealed by an earlier process; one without an index gets it now.</summary>
    private SealedFile Seal(long number)
    {
        var index = AttemptIndex.TryRead(PathOf(number, IndexEnding)) ?? MakeIndex(number);
        return new SealedFile(number, index.Buckets(_partitionCount), index.LossAtMilliseconds);
    }

    private AttemptIndex MakeIndex(long number)
    {
        if (!File.Exists(PathOf(number, Ending)))
        {
            throw new FileNotFoundException($"The journal of attempts has no file {number}.");
        }

        _logger.LogWarning("The journal of attempts has no index for its file {Number}; it is made anew", number);
        using var file = new OpenAttemptFile(PathOf(number, Ending), number);
        var index = file.ToIndex();
        WriteIndex(number, index);
        return index;
    }

    private void WriteIndex(long number, AttemptIndex index)
        => AtomicFile.Write(DiskFileSystem.Instance, PathOf(number, IndexEnding), [index.ToBytes()]);

    private AttemptIndex IndexOf(long number)
    {
        lock (_indexes)
        {
            for (var node = _indexes.First; node is not null; node = node.Next)
            {
                if (node.Value.Number == number)
                {
                    _indexes.Remove(node);
                    _indexes.AddFirst(node);
                    return node.Value.Index;
                }
            }
        }

        var index = AttemptIndex.TryRead(PathOf(number, IndexEnding)) ?? MakeIndex(number);
        lock (_indexes)
        {
            _indexes.AddFirst((number, index));
            while (_indexes.Count > MostIndexes)
            {
                _indexes.RemoveLast();
            }
        }

        return index;
    }

    private delegate ReadOnlySpan<AttemptIndexEntry> Finder(AttemptIndex index);

    private void ReadSealed(long number, Finder find, int place, List<AttemptChunk> found)
    {
        try
        {
            var index = IndexOf(number);
            Read(number, find(index), index.Sources, place, found);
        }
        catch (FileNotFoundException)
        {
            // Retention was faster.
        }
    }

    private void Read(long number, ReadOnlySpan<AttemptIndexEntry> entries, IReadOnlyList<AttemptSource> sources, int place, List<AttemptChunk> found)
    {
        if (entries.IsEmpty)
        {
            return;
        }

        using var handle = File.OpenHandle(PathOf(number, Ending), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        foreach (ref readonly var entry in entries)
        {
            if (place >= 0 && (entry.First > place || entry.Last < place))
            {
                continue;
            }

            var item = new byte[entry.Length];
            var read = RandomAccess.Read(handle, item, entry.Position);
            if (AttemptFile.ContentOf(item.AsMemory(0, read)) is not { Length: > 0 } content)
            {
                _logger.LogError("The journal of attempts is damaged: file {Number} at {Position}; what it said there is not known any more", number, entry.Position);
                continue;
            }

            found.Add(AttemptFile.ChunkOf(content, sources));
        }
    }

    /// <summary>A file that is written no more.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Buckets">For each partition the first bucket and the one after the last.</param>
    /// <param name="LossAtMilliseconds">When events were last lost, or 0.</param>
    private sealed record SealedFile(long Number, (long From, long To)[] Buckets, long LossAtMilliseconds);
}

/// <summary>When a file of the journal is full.</summary>
/// <param name="MaximumBytes">Bytes; the last group may go beyond.</param>
/// <param name="MaximumChunks">Chunks, each 24 bytes of the index.</param>
internal sealed record AttemptFileLimits(int MaximumBytes, int MaximumChunks)
{
    public static AttemptFileLimits Default { get; } = new(64 * 1024 * 1024, 256 * 1024);
}
