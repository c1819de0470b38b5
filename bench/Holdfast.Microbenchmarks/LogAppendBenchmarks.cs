using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Segments;

namespace Holdfast.Microbenchmarks;

/// <summary>A group commit: one write and one flush, on the disk of the temporary directory. The figure is the disk's as much as ours.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, warmupCount: 2, iterationCount: 10, invocationCount: 200)]
public class LogAppendBenchmarks : IDisposable
{
    private readonly RecordBatch[] _group = new RecordBatch[Partitioning.DefaultPartitionCount];
    private readonly OpenBatch _open = new();
    private string _directory = string.Empty;
    private SegmentLog _log = null!;

    /// <summary>Bytes of records in one group, over all partitions.</summary>
    [Params(500, 200_000)]
    public int GroupBytes { get; set; }

    /// <summary>Opens a log.</summary>
    [GlobalSetup]
    public async Task SetupAsync()
    {
        _directory = Directory.CreateTempSubdirectory("holdfast-bench-").FullName;
        _log = await SegmentLog.OpenAsync(new SegmentLogOptions { Directory = _directory });
    }

    /// <summary>Removes it.</summary>
    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Gives the open batch's buffer back.</summary>
    public void Dispose()
    {
        _open.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Encodes and commits one group.</summary>
    [Benchmark]
    public AppendStatus Append()
    {
        var perPartition = GroupBytes / LogRecords.Size / _group.Length;
        var used = perPartition == 0 ? GroupBytes / LogRecords.Size : _group.Length;
        for (var partition = 0; partition < used; partition++)
        {
            for (var i = 0; i < Math.Max(1, perPartition); i++)
            {
                LogRecords.Add(_open, key: (ulong)i);
            }

            _group[partition] = _open.Seal(partition, _log.CommittedOffset(partition), epoch: 1);
        }

        var status = _log.AppendAsync(_group.AsMemory(0, used)).AsTask().GetAwaiter().GetResult();
        foreach (var batch in _group.AsSpan(0, used))
        {
            batch.Release();
        }

        return status;
    }
}
