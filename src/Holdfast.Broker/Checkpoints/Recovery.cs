using Holdfast.Broker.Sessions;
using Holdfast.Log.Batches;
using Holdfast.Log.Records;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Checkpoints;

/// <summary>Rebuilds the state of a node: the last checkpoint, then everything that the log has committed since, folded in again.</summary>
internal sealed class Recovery(SessionServices services, SessionRegistry registry, ISessionStore sessionStore, ICheckpointStore checkpointStore)
{
    private const int ReadBytes = 4 * 1024 * 1024;

    private readonly Dictionary<ulong, SessionReplay> _sessions = [];

    /// <summary>Loads and replays.</summary>
    /// <returns>The sessions, and the offsets of the checkpoint.</returns>
    public async Task<RecoveredState> RunAsync(CancellationToken cancellationToken)
    {
        var checkpoint = await checkpointStore.LoadAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var retained in checkpointStore.LoadRetainedAsync(cancellationToken).ConfigureAwait(false))
        {
            services.Retained.Load(retained with { Offset = Math.Min(retained.Offset, services.Log.CommittedOffset(retained.Partition) - 1) });
        }

        await foreach (var stream in checkpointStore.LoadStreamsAsync(cancellationToken).ConfigureAwait(false))
        {
            services.Committer.LoadStream(stream);
        }

        var restorer = new SessionRestorer(services, KeepBelowEnd);
        var wasConnected = new List<Session>();
        await foreach (var stored in sessionStore.LoadAsync(cancellationToken).ConfigureAwait(false))
        {
            var session = restorer.Restore(stored, checkpoint.Mark);
            _sessions.Add(session.Id, new SessionReplay(services, session));
            registry.Restore(session);
            if (stored.DisconnectedAt is null)
            {
                wasConnected.Add(session);
            }
        }

        var shares = new List<StoredShare>();
        await foreach (var share in checkpointStore.LoadSharesAsync(cancellationToken).ConfigureAwait(false))
        {
            shares.Add(share with { Positions = KeepBelowEnd(share.Positions) });
        }

        services.Shared.RestorePositions(shares, KeepBelowEnd([.. checkpoint.Mark]));
        var replayed = 0L;
        for (var partition = 0; partition < services.Log.PartitionCount; partition++)
        {
            replayed += await ReplayAsync(partition, checkpoint.AppliedOffsets[partition], cancellationToken).ConfigureAwait(false);
        }

        foreach (var session in _sessions.Values)
        {
            session.Complete();
        }

        services.Logger.LogInformation(
            "Recovered {Sessions} sessions and {Retained} retained messages; {Records} records replayed", _sessions.Count, services.Retained.Count, replayed);
        return new RecoveredState(checkpoint.AppliedOffsets, [.. _sessions.Values.Select(replay => replay.Session)], wasConnected);
    }

    /// <summary>A disk that lied about a flush may have lost the end of the log; what comes there next must not be taken for what was there.</summary>
    private long[] KeepBelowEnd(long[] offsets)
    {
        for (var partition = 0; partition < offsets.Length; partition++)
        {
            offsets[partition] = Math.Min(offsets[partition], services.Log.CommittedOffset(partition));
        }

        return offsets;
    }

    private async Task<long> ReplayAsync(int partition, long from, CancellationToken cancellationToken)
    {
        var end = services.Log.CommittedOffset(partition);
        var count = 0L;
        while (from < end)
        {
            using var read = await services.Log.ReadAsync(partition, from, null, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var batch in read.Batches)
            {
                count += Replay(batch, from);
            }

            from = read.NextOffset;
        }

        return count;
    }

    private long Replay(RecordBatch batch, long from)
    {
        var count = 0L;
        foreach (var view in batch)
        {
            if (view.Offset < from)
            {
                continue;
            }

            count++;
            if (view.Kind == RecordKind.Publish)
            {
                ReplayPublish(view);
            }

            if (SessionStep.TryRead(view, out var step) && _sessions.TryGetValue(step.Record.Session, out var session))
            {
                session.Apply(step);
            }
        }

        return count;
    }

    private void ReplayPublish(in RecordView view)
    {
        var record = PublishRecord.Read(view);
        services.Committer.Replay(view.Partition, record);
        if (record.Retain)
        {
            services.Retained.Apply(view);
        }
    }
}

/// <summary>What recovery found.</summary>
/// <param name="AppliedOffsets">The offsets of the checkpoint.</param>
/// <param name="Sessions">All sessions.</param>
/// <param name="WasConnected">Those that were connected when the process ended.</param>
internal sealed record RecoveredState(long[] AppliedOffsets, IReadOnlyList<Session> Sessions, IReadOnlyList<Session> WasConnected);
