using Holdfast.Broker.Sessions;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Checkpoints;

/// <summary>
/// Writes the projections. Each round saves the deduplication streams as they were one round ago together with the offsets that had been
/// appended then, once those are committed: so nothing uncommitted is ever stored, and everything after those offsets is folded in again by
/// replay. What else is saved may be newer, because folding a record twice changes nothing.
/// </summary>
internal sealed class Checkpointer(SessionServices services, SessionRegistry registry, ICheckpointStore store)
{
    private readonly int _partitionCount = services.Log.PartitionCount;
    private readonly SessionProgressCollector _collector = new(registry);
    private Round? _round;

    /// <summary>The offsets that the stored checkpoint has applied; the log is needed from there on.</summary>
    public long[] AppliedOffsets { get; private set; } = new long[services.Log.PartitionCount];

    /// <summary>Starts from what recovery has loaded.</summary>
    public void StartFrom(long[] appliedOffsets) => AppliedOffsets = appliedOffsets;

    /// <summary>One round: saves what the last one prepared, and prepares the next.</summary>
    public async Task RunOnceAsync()
    {
        if (_round is { } round)
        {
            if (round.RefusedGroups != services.Committer.RefusedGroups)
            {
                PutBack(round);
                _round = null;
            }
            else if (IsCommitted(round) && Cursors.HasReached(services.Feed.Announced(), round.Appended))
            {
                await SaveAsync(round).ConfigureAwait(false);
                _round = null;
            }
        }

        _round ??= Prepare();
    }

    /// <summary>The last checkpoint, when everything is committed and every session is detached: exact cursors.</summary>
    public async Task RunLastAsync()
    {
        await RunOnceAsync().ConfigureAwait(false);
        await RunOnceAsync().ConfigureAwait(false);
    }

    private Round Prepare()
    {
        // Read before the offsets: a refusal in between is then noticed.
        var refusedGroups = services.Committer.RefusedGroups;
        var appended = new long[_partitionCount];
        var streams = new IReadOnlyList<StoredStream>[_partitionCount];
        for (var partition = 0; partition < _partitionCount; partition++)
        {
            streams[partition] = services.Committer.TakeStreamChanges(partition, out appended[partition]);
        }

        return new Round(refusedGroups, appended, streams);
    }

    /// <summary>Announced is also what another owner has committed in the place of what was appended here.</summary>
    private bool IsCommitted(Round round)
    {
        for (var partition = 0; partition < _partitionCount; partition++)
        {
            if (services.Committer.CommittedOffset(partition) < round.Appended[partition])
            {
                return false;
            }
        }

        return true;
    }

    private void PutBack(Round round)
    {
        for (var partition = 0; partition < _partitionCount; partition++)
        {
            services.Committer.PutBackStreamChanges(partition, round.Streams[partition]);
        }
    }

    private async Task SaveAsync(Round round)
    {
        IReadOnlyList<StoredRetained> retained;
        IReadOnlyList<StoredShare> shares;
        lock (services.Feed.Gate)
        {
            retained = services.Retained.TakeChanges();
            shares = services.SessionsTravel ? [] : services.Shared.TakeProgress(round.Appended);
        }

        var sessions = services.SessionsTravel ? [] : _collector.Collect(round.Appended);
        try
        {
            await store.SaveAsync(new CheckpointChanges
            {
                AppliedOffsets = round.Appended,
                Mark = round.Appended,
                Retained = retained,
                Streams = [.. round.Streams.SelectMany(streams => streams)],
                Sessions = sessions.ConvertAll(one => one.Progress),
                Shares = shares,
            }).ConfigureAwait(false);
            AppliedOffsets = round.Appended;
        }
        catch (StateStoreException exception) when (exception is StateStoreFullException or StateStoreUnavailableException)
        {
            services.Logger.LogWarning("The checkpoint was not written: {Message}", exception.Message);
            PutBack(round);
            lock (services.Feed.Gate)
            {
                services.Retained.PutBack(retained);
                services.Shared.PutBack(shares);
            }

            SessionProgressCollector.PutBack(sessions);
        }
    }

    private sealed record Round(long RefusedGroups, long[] Appended, IReadOnlyList<StoredStream>[] Streams);
}
