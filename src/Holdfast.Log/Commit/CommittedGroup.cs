using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;

namespace Holdfast.Log.Commit;

/// <summary>The batches that one flush committed, and who waits for them.</summary>
public sealed class CommittedGroup
{
    private readonly List<PartitionShare> _shares = [];
    private readonly List<RecordBatch> _batches = [];

    /// <summary>The batches, at most one of each partition. Empty when the group was refused.</summary>
    public IReadOnlyList<RecordBatch> Batches => Status == AppendStatus.Appended ? _batches : [];

    /// <summary>Whether the group is committed.</summary>
    public AppendStatus Status { get; internal set; }

    /// <summary>Set, when somebody waits for it, after the group was handled.</summary>
    internal ManualResetEventSlim? Handled { get; init; }

    internal ReadOnlyMemory<RecordBatch> ToAppend => _batches.ToArray();

    internal bool IsEmpty => _shares.Count == 0;

    /// <summary>How many completions wait for it.</summary>
    internal int Waiting { get; private set; }

    internal void Add(RecordBatch? batch, PendingCompletions completions, int partition)
    {
        _shares.Add(new PartitionShare(partition, batch?.BaseOffset ?? 0, completions));
        Waiting += completions.Count;
        if (batch is not null)
        {
            _batches.Add(batch);
        }
    }

    /// <summary>Tells every observer.</summary>
    public void Complete()
    {
        foreach (var share in _shares)
        {
            share.Completions.Complete(share.Partition, share.BaseOffset, Status);
        }
    }

    internal void Release()
    {
        foreach (var batch in _batches)
        {
            batch.Release();
        }

        foreach (var share in _shares)
        {
            share.Completions.Recycle();
        }
    }

    internal IReadOnlyList<RecordBatch> AllBatches => _batches;

    private readonly record struct PartitionShare(int Partition, long BaseOffset, PendingCompletions Completions);
}
