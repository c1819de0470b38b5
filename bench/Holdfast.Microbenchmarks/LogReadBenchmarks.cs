using BenchmarkDotNet.Attributes;
using Holdfast.Log.Batches;
using Holdfast.Log.Segments;

namespace Holdfast.Microbenchmarks;

/// <summary>Reading one partition from the files (in the system's page cache), and one device's events by its key.</summary>
[MemoryDiagnoser]
public class LogReadBenchmarks
{
    private const int Partitions = 4;
    private const int Groups = 2000;
    private const int RecordsPerBatch = 80;
    private const int ReadBytes = 256 * 1024;
    private static readonly HashSet<ulong> OneKey = [777];
    private string _directory = string.Empty;
    private SegmentLog _log = null!;

    /// <summary>Fills a log of sealed segments.</summary>
    [GlobalSetup]
    public async Task SetupAsync()
    {
        _directory = Directory.CreateTempSubdirectory("holdfast-bench-").FullName;
        var options = new SegmentLogOptions { Directory = _directory, PartitionCount = Partitions, SegmentBytes = 16 * 1024 * 1024, TailCacheBytes = 0 };
        _log = await SegmentLog.OpenAsync(options);
        using var open = new OpenBatch();
        for (var i = 0; i < Groups; i++)
        {
            var group = Enumerable.Range(0, Partitions).Select(p => Fill(open, p)).ToArray();
            await _log.AppendAsync(group);
            Array.ForEach(group, batch => batch.Release());
        }
    }

    /// <summary>Removes it.</summary>
    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>All of one partition: 26 MB.</summary>
    [Benchmark]
    public Task<long> ReadPartition() => ReadAsync(null);

    /// <summary>The batches of one key in a thousand.</summary>
    [Benchmark]
    public Task<long> ReadKey() => ReadAsync(OneKey);

    private async Task<long> ReadAsync(HashSet<ulong>? keys)
    {
        long bytes = 0;
        for (var next = 0L; next < _log.CommittedOffset(0);)
        {
            using var read = await _log.ReadAsync(0, next, keys, ReadBytes, CancellationToken.None);
            bytes += read.Batches.Sum(b => (long)b.Body.Length);
            next = read.NextOffset;
        }

        return bytes;
    }

    private RecordBatch Fill(OpenBatch open, int partition)
    {
        var offset = _log.CommittedOffset(partition);
        for (var i = 0; i < RecordsPerBatch; i++)
        {
            LogRecords.Add(open, key: (ulong)((offset + i) * 7919 % 16_001));
        }

        return open.Seal(partition, offset, epoch: 1);
    }
}
