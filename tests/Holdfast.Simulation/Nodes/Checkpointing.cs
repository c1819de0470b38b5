using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.State;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>Saves the deduplication streams of owned partitions, in the rounds of Checkpointer: what was appended one round ago, once that is committed.</summary>
internal sealed class Checkpointing(Life life)
{
    private readonly SimulatedStore _store = life.World.Store;
    private Round? _round;

    public async Task RunAsync()
    {
        while (true)
        {
            await life.DelayAsync(life.World.Between(200, 1000)).ConfigureAwait(false);
            if (life.IsReady)
            {
                await RunOnceAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task RunOnceAsync()
    {
        if (_round is { } round)
        {
            if (round.RefusedGroups != life.Committing.RefusedGroups)
            {
                PutBack(round);
                _round = null;
            }
            else if (IsCommitted(round) || life.World.Breakage == Breakage.UncommittedCheckpoint)
            {
                await SaveAsync(round).ConfigureAwait(false);
                _round = null;
            }
        }

        _round ??= Prepare();
    }

    private bool IsCommitted(Round round)
    {
        for (var partition = 0; partition < round.Appended.Length; partition++)
        {
            if (life.Delivering.Cursor[partition] < round.Appended[partition] || life.Committing.Partitions[partition].CommittedOffset < round.Appended[partition])
            {
                return false;
            }
        }

        return true;
    }

    private Round Prepare()
    {
        var appended = new long[SimulatedWorld.PartitionCount];
        var streams = new IReadOnlyList<StoredStream>[SimulatedWorld.PartitionCount];
        for (var partition = 0; partition < appended.Length; partition++)
        {
            streams[partition] = life.Committing.Partitions[partition].TakeStreamChanges(out appended[partition]);
        }

        return new Round(life.Committing.RefusedGroups, appended, streams);
    }

    private void PutBack(Round round)
    {
        for (var partition = 0; partition < round.Streams.Length; partition++)
        {
            life.Committing.Partitions[partition].PutBackStreamChanges(round.Streams[partition]);
        }
    }

    private async Task SaveAsync(Round round)
    {
        var epochs = Enumerable.Range(0, SimulatedWorld.PartitionCount).Select(life.Log.Ends.Epoch).ToArray();
        var saved = await _store.RunAsync(life, () =>
        {
            for (var partition = 0; partition < epochs.Length; partition++)
            {
                if (epochs[partition] != 0)
                {
                    _store.Tables.SaveCheckpoint(partition, round.Appended[partition], round.Streams[partition], epochs[partition]);
                }
            }

            return true;
        }).ConfigureAwait(false);
        if (saved.Kind != OutcomeKind.Done)
        {
            PutBack(round);
        }
    }

    private sealed record Round(long RefusedGroups, long[] Appended, IReadOnlyList<StoredStream>[] Streams);
}
