using Holdfast.Cluster.Peers;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Ownership;

/// <summary>
/// Keeps this node the owner of what falls to it: claims what nobody else serves, and hands over what falls to another. One decision at a time, ten times a second.
/// </summary>
internal sealed class OwnershipKeeper(
    ClusterTimes times, IPeers peers, NodeHearing hearing, OwnerTable owners, PostgresPartitionLog log, PartitionTakeover takeover, GroupCommitter committer,
    ILogger logger, TimeProvider time)
{
    private readonly long[] _ownedSince = new long[log.PartitionCount];
    private readonly long _startedAt = time.GetTimestamp();
    private volatile bool _isLeaving;

    /// <summary>What this node owns has changed.</summary>
    public event Action? Changed;

    /// <summary>Whether the node shuts down.</summary>
    public bool IsLeaving => _isLeaving;

    /// <summary>What this node owns and serves.</summary>
    public OwnedPartition[] Owned()
    {
        var owned = new List<OwnedPartition>();
        for (var partition = 0; partition < _ownedSince.Length; partition++)
        {
            if (Volatile.Read(ref _ownedSince[partition]) != 0 && log.IsOwned(partition))
            {
                owned.Add(new OwnedPartition(partition, log.Epoch(partition), log.CommittedOffset(partition)));
            }
        }

        return [.. owned];
    }

    /// <summary>Decides until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(times.DecisionInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                await DecideAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    /// <summary>Lets everything go, for the others to take. Returns when what was taken before is committed or refused.</summary>
    public async Task LeaveAsync()
    {
        _isLeaving = true;
        await Task.WhenAll(Enumerable.Range(0, log.PartitionCount).Where(IsServed).Select(LetGoAsync)).ConfigureAwait(false);
    }

    private bool IsServed(int partition) => Volatile.Read(ref _ownedSince[partition]) != 0;

    private async Task DecideAsync(CancellationToken cancellationToken)
    {
        NoticeFences();
        if (_isLeaving)
        {
            return;
        }

        var alive = hearing.Alive(times.Silence).Where(heartbeat => !heartbeat.IsLeaving).Select(heartbeat => heartbeat.From).Append(peers.Self)
            .OrderBy(node => node.Name, StringComparer.Ordinal).ToList();
        var plan = OwnershipPlan.Make(alive.ConvertAll(node => node.Name), log.PartitionCount);
        var toClaim = new List<int>();
        for (var partition = 0; partition < plan.Length; partition++)
        {
            var falls = alive[plan[partition]];
            if (falls == peers.Self && !IsServed(partition) && MayBeClaimed(owners.OwnerOf(partition)))
            {
                toClaim.Add(partition);
            }
            else if (falls != peers.Self && IsServed(partition) && time.GetElapsedTime(_ownedSince[partition]) >= times.Tenure)
            {
                logger.LogInformation("Partition {Partition} goes to {Node}", partition, falls.Name);
                await LetGoAsync(partition).ConfigureAwait(false);
            }
        }

        if (toClaim.Count > 0)
        {
            await ClaimAsync(toClaim, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Another owner has claimed what this node believed to own.</summary>
    private void NoticeFences()
    {
        for (var partition = 0; partition < _ownedSince.Length; partition++)
        {
            if (IsServed(partition) && !log.IsOwned(partition))
            {
                Volatile.Write(ref _ownedSince[partition], 0);
                committer.Disown(partition);
                logger.LogWarning("Partition {Partition} was taken over", partition);
                Changed?.Invoke();
            }
        }
    }

    /// <summary>Nobody serves the partition: it was let go, or its owner is silent. At the start an owner may only not have been heard yet.</summary>
    private bool MayBeClaimed(NodeId? owner)
        => owner is null
            ? time.GetElapsedTime(_startedAt) >= times.Silence
            : hearing.SilenceOf(owner) is not { } silence || silence >= times.Silence;

    private async Task ClaimAsync(List<int> partitions, CancellationToken cancellationToken)
    {
        try
        {
            var heads = await log.ReadHeadsAsync(cancellationToken).ConfigureAwait(false);
            foreach (var head in heads.Where(head => partitions.Contains(head.Partition)))
            {
                if (!IsTakenByLiveNode(head) && await takeover.TryTakeAsync(head.Partition, head.Epoch, cancellationToken).ConfigureAwait(false))
                {
                    Volatile.Write(ref _ownedSince[head.Partition], time.GetTimestamp());
                    logger.LogInformation("Partition {Partition} is served here now, from offset {Offset}", head.Partition, log.CommittedOffset(head.Partition));
                    Changed?.Invoke();
                }
            }
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or Log.State.StateStoreException)
        {
            logger.LogWarning("A partition cannot be taken now: {Error}", error.Message);
        }
    }

    /// <summary>A live node has claimed the partition after the last owner that was heard of; it only has not said so yet.</summary>
    private bool IsTakenByLiveNode(PartitionHead head)
        => head.Epoch > owners.EpochOf(head.Partition) && NodeId.TryParse(head.Owner, out var owner) && owner != peers.Self
            && hearing.SilenceOf(owner) < times.Silence;

    private async Task LetGoAsync(int partition)
    {
        committer.Disown(partition);
        var drained = new Drained();
        committer.AppendMarker(partition, drained, 0);
        await drained.Task.ConfigureAwait(false);
        Volatile.Write(ref _ownedSince[partition], 0);
        Changed?.Invoke();
    }

    private sealed class Drained : ICommitObserver
    {
        private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _source.Task;

        public void OnCompleted(ulong token, int partition, long offset, AppendStatus status) => _source.TrySetResult();
    }
}
