using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.Records;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>What OwnershipKeeper and PartitionTakeover do about the decisions.</summary>
internal sealed class Owning(Life life)
{
    private readonly long[] _servedSince = new long[SimulatedWorld.PartitionCount];
    private readonly OwnershipDecision _decision = new(life.World.Times, life.Id, life.Hearing, life.Owners, life.Reach, static () => true, life.World.Agenda.Clock);
    private readonly SimulatedStore _store = life.World.Store;
    private long _lookedAt = life.World.Agenda.Clock.GetTimestamp();

    public OwnedPartition[] Owned()
        => [.. Enumerable.Range(0, _servedSince.Length).Where(partition => _servedSince[partition] != 0 && life.Log.IsOwned(partition))
            .Select(partition => new OwnedPartition(partition, life.Log.Ends.Epoch(partition), life.Log.Ends.Committed(partition)))];

    public async Task RunAsync()
    {
        while (true)
        {
            await life.DelayAsync(life.World.Times.DecisionInterval).ConfigureAwait(false);
            await LookAsync().ConfigureAwait(false);
            var changes = _decision.Decide(_servedSince, life.Log.Ends.Epoch);
            var handsOver = false;
            foreach (var (partition, node) in changes.ToLetGo.TakeWhile(_ => !handsOver))
            {
                await LetGoAsync(partition).ConfigureAwait(false);
                handsOver = node is not null;
            }

            if (!handsOver && changes.ToClaim.Count > 0)
            {
                await ClaimAsync(changes.ToClaim).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Answers who wants to be sure that nothing more of a node is taken.</summary>
    public async Task<OwnedPartition[]> FenceAsync(NodeId gone)
    {
        while (!life.Fences.Fence(gone))
        {
            await life.DelayAsync(TimeSpan.FromMilliseconds(2)).ConfigureAwait(false);
        }

        return Owned();
    }

    private async Task LetGoAsync(int partition)
    {
        life.World.History.Note($"{life.Id} lets {partition} go");
        life.Committing.Partitions[partition].Disown();
        var drained = new Drained();
        life.Committing.Partitions[partition].AppendMarker(drained, 0);
        life.Committing.Signal();
        await drained.Task.ConfigureAwait(false);
        _servedSince[partition] = 0;
        life.Talking.TellNow();
    }

    private async Task LookAsync()
    {
        if (life.World.Agenda.Clock.GetElapsedTime(_lookedAt) < life.World.Times.LookInterval || await life.Log.ReadHeadsAsync().ConfigureAwait(false) is not { } heads)
        {
            return;
        }

        _lookedAt = life.World.Agenda.Clock.GetTimestamp();
        life.Reach.Note();
        foreach (var partition in _decision.FindTaken(heads, _servedSince, life.Log.Ends.Epoch))
        {
            await LetGoAsync(partition).ConfigureAwait(false);
        }
    }

    private async Task ClaimAsync(List<int> partitions)
    {
        if (await life.Log.ReadHeadsAsync().ConfigureAwait(false) is not { } heads)
        {
            return;
        }

        foreach (var head in heads.Where(head => partitions.Contains(head.Partition)))
        {
            if (_decision.IsFree(head) && await TryTakeAsync(head).ConfigureAwait(false))
            {
                life.World.History.Note($"{life.Id} serves {head.Partition}");
                _servedSince[head.Partition] = life.World.Agenda.Clock.GetTimestamp();
                life.Talking.TellNow();
            }
        }
    }

    private async Task<bool> TryTakeAsync(PartitionHead seen)
    {
        var partition = seen.Partition;
        if (await life.Log.ClaimAsync(partition, seen.Epoch).ConfigureAwait(false) is not { } head)
        {
            return false;
        }

        life.World.History.Note($"{life.Id} has claimed {partition} under {head.Epoch}");
        var fenced = await _store.RunAsync(life, _store.Tables.Fenced).ConfigureAwait(false);
        var stored = await _store.RunAsync(life, () => _store.Tables.LoadCheckpoint(partition)).ConfigureAwait(false);
        var appender = life.Committing.Partitions[partition];
        if (fenced.Kind != OutcomeKind.Done || stored.Kind != OutcomeKind.Done || !TryReset(partition, head.NextOffset))
        {
            return false;
        }

        Array.ForEach(fenced.Value!, node => life.Fences.Fence(NodeId.Parse(node)));
        stored.Value.Streams.ForEach(appender.LoadStream);
        var from = stored.Value.Applied;
        var read = await _store.RunAsync(life, () => _store.Tables.Read(partition, from, head.NextOffset)).ConfigureAwait(false);
        if (read.Kind != OutcomeKind.Done)
        {
            return false;
        }

        read.Value!.ForEach(batch => Replay(appender, batch, from));
        appender.Own();
        return true;
    }

    private bool TryReset(int partition, long nextOffset)
    {
        try
        {
            life.Committing.Reset(partition, nextOffset);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Something of the last time waits still. The next decision tries again.
            return false;
        }
    }

    private void Replay(PartitionAppender appender, StoredBatch stored, long from)
    {
        var batch = stored.ToBatch();
        if (life.World.Breakage == Breakage.ProofForgotten)
        {
            foreach (var view in batch)
            {
                if (view.Kind == RecordKind.Publish)
                {
                    appender.Replay(PublishRecord.Read(view));
                }
            }
        }
        else
        {
            appender.Replay(batch, from);
        }

        batch.Release();
    }

    private sealed class Drained : ICommitObserver
    {
        private readonly TaskCompletionSource _source = new();

        public Task Task => _source.Task;

        public void OnCompleted(ulong token, int partition, long offset, AppendStatus status) => _source.TrySetResult();
    }
}
