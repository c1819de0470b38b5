using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>The partitions that a node owns: what the two threads of GroupCommitter do with the partitions' appenders, and CommitFanout with what is committed.</summary>
internal sealed class Committing
{
    private readonly Life _life;
    private readonly Queue<(CommittedGroup Group, TaskCompletionSource? Handled)> _committed = new();
    private bool _isCommitting;
    private bool _hasMore;
    private bool _isDelivering;

    public Committing(Life life)
    {
        _life = life;
        Partitions = [.. Enumerable.Range(0, SimulatedWorld.PartitionCount)
            .Select(partition => new PartitionAppender(partition, 0, GroupCommitter.MaximumOpenBytes, isOwned: false))];
    }

    public PartitionAppender[] Partitions { get; }

    /// <summary>How many groups were refused, and partitions begun anew.</summary>
    public long RefusedGroups { get; private set; }

    /// <summary>Begins a partition anew.</summary>
    /// <exception cref="InvalidOperationException">It is in use.</exception>
    public void Reset(int partition, long nextOffset)
    {
        Partitions[partition].Reset(nextOffset);
        RefusedGroups++;
    }

    /// <summary>There is something to commit.</summary>
    public void Signal()
    {
        if (_isCommitting)
        {
            _hasMore = true;
            return;
        }

        _isCommitting = true;
        _life.Run(CommitLoopAsync);
    }

    private async Task CommitLoopAsync()
    {
        do
        {
            _hasMore = false;
            await _life.DelayAsync(_life.World.Between(0, 2)).ConfigureAwait(false);
            var group = new CommittedGroup();
            Array.ForEach(Partitions, partition => partition.TakeInto(group));
            if (!group.IsEmpty)
            {
                await CommitAsync(group).ConfigureAwait(false);
            }
        }
        while (_hasMore);

        _isCommitting = false;
    }

    private async Task CommitAsync(CommittedGroup group)
    {
        await _life.YieldAsync().ConfigureAwait(false);
        if (_life.World.Breakage == Breakage.AcknowledgedBeforeCommit)
        {
            group.Status = AppendStatus.Appended;
            group.Complete();
        }

        var batches = group.ToAppend.ToArray();
        group.Status = batches.Length == 0 ? AppendStatus.Appended : await _life.Log.AppendAsync(batches).ConfigureAwait(false);
        if (group.Status == AppendStatus.Appended)
        {
            Array.ForEach(batches, batch => Partitions[batch.Partition].Confirm(batch));
            Deliver(group, null);
        }
        else
        {
            await RefuseAsync(group).ConfigureAwait(false);
        }
    }

    private async Task RefuseAsync(CommittedGroup group)
    {
        RefusedGroups++;
        var handled = new TaskCompletionSource();
        var meanwhile = new CommittedGroup { Status = group.Status };
        for (var partition = 0; partition < Partitions.Length; partition++)
        {
            var refused = group.AllBatches.FirstOrDefault(batch => batch.Partition == partition);
            Partitions[partition].BeginRefusal(refused, meanwhile);
        }

        Deliver(group, null);
        Deliver(meanwhile, handled);
        await handled.Task.ConfigureAwait(false);
        var late = new CommittedGroup { Status = group.Status };
        Array.ForEach(Partitions, partition => partition.EndRefusal(late));
        Deliver(late, null);
    }

    private void Deliver(CommittedGroup group, TaskCompletionSource? handled)
    {
        _committed.Enqueue((group, handled));
        if (!_isDelivering)
        {
            _isDelivering = true;
            _life.Run(DeliverAsync);
        }
    }

    private async Task DeliverAsync()
    {
        while (_committed.TryDequeue(out var next))
        {
            await _life.YieldAsync().ConfigureAwait(false);
            OnGroup(next.Group);
            next.Group.Release();
            next.Handled?.SetResult();
        }

        _isDelivering = false;
    }

    private void OnGroup(CommittedGroup group)
    {
        if (group.Status == AppendStatus.Fenced)
        {
            foreach (var partition in Enumerable.Range(0, Partitions.Length).Where(partition => !_life.Log.IsOwned(partition)))
            {
                Partitions[partition].Disown();
            }
        }

        foreach (var batch in group.Batches)
        {
            _life.Delivering.Receive(batch);
        }

        if (_life.World.Breakage != Breakage.AcknowledgedBeforeCommit)
        {
            group.Complete();
        }

        foreach (var batch in group.Batches)
        {
            _life.Talking.Push(batch);
        }
    }
}
