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
    DatabaseReach reach, Func<bool> isReady, ILogger logger, TimeProvider time)
{
    private readonly long[] _ownedSince = new long[log.PartitionCount];
    private readonly OwnershipDecision _decision = new(times, peers.Self, hearing, owners, reach, isReady, time);
    private volatile bool _isLeaving;
    private Task<IReadOnlyList<PartitionHead>>? _looking;
    private long _lookedAt = time.GetTimestamp();

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
        var served = Enumerable.Range(0, log.PartitionCount).Where(IsServed).ToList();
        if (!hearing.Alive(times.Silence).Any(heartbeat => heartbeat is { IsLeaving: false, IsReady: true }))
        {
            await Task.WhenAll(served.Select(LetGoAsync)).ConfigureAwait(false);
            return;
        }

        foreach (var partition in served)
        {
            await HandOverAsync(partition).ConfigureAwait(false);
        }
    }

    private bool IsServed(int partition) => Volatile.Read(ref _ownedSince[partition]) != 0;

    private async Task DecideAsync(CancellationToken cancellationToken)
    {
        if (_isLeaving)
        {
            return;
        }

        await LookAsync(cancellationToken).ConfigureAwait(false);
        var changes = _decision.Decide(_ownedSince, log.Epoch);
        foreach (var (partition, node) in changes.ToLetGo)
        {
            logger.Log(node is null ? LogLevel.Warning : LogLevel.Information, "Partition {Partition} goes to {Node}", partition, node?.Name ?? "another node, which has taken it");
            if (node is null)
            {
                await LetGoAsync(partition).ConfigureAwait(false);
                continue;
            }

            // To drain it may have taken as long as the database was away: whether the next one is to go is another question.
            await HandOverAsync(partition).ConfigureAwait(false);
            return;
        }

        if (changes.ToClaim.Count > 0)
        {
            await ClaimAsync(changes.ToClaim, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Looks now and then whether the database names another owner of what is served here. It answers when it can; nobody waits for it.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (_looking is null && time.GetElapsedTime(_lookedAt) >= times.LookInterval)
        {
            _looking = log.ReadHeadsAsync(cancellationToken);
        }
        else if (_looking is { IsCompleted: true } looked)
        {
            (_looking, _lookedAt) = (null, time.GetTimestamp());
            if (!looked.IsCompletedSuccessfully)
            {
                // The database is away: the next look tells.
                _ = looked.Exception;
                return;
            }

            foreach (var partition in _decision.FindTaken(await looked.ConfigureAwait(false), _ownedSince, log.Epoch))
            {
                logger.LogWarning("Partition {Partition} belongs to another node, as the database says", partition);
                await LetGoAsync(partition).ConfigureAwait(false);
            }
        }
    }

    private async Task ClaimAsync(List<int> partitions, CancellationToken cancellationToken)
    {
        try
        {
            var heads = await log.ReadHeadsAsync(cancellationToken).ConfigureAwait(false);
            foreach (var head in heads.Where(head => partitions.Contains(head.Partition)))
            {
                if (_decision.IsFree(head) && await takeover.TryTakeAsync(head.Partition, head.Epoch, cancellationToken).ConfigureAwait(false))
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

    /// <summary>
    /// Lets a partition go, and waits until another node serves it. One at a time: who takes several takes them one after the other, and each would be without service until its turn.
    /// </summary>
    private async Task HandOverAsync(int partition)
    {
        await LetGoAsync(partition).ConfigureAwait(false);
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (owners.OwnerOf(partition) is not null)
            {
                taken.TrySetResult();
            }
        }

        owners.Changed += Look;
        Look();
        await taken.Task.WaitAsync(times.Silence, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        owners.Changed -= Look;
    }

    /// <summary>Takes nothing more, and waits until what was taken is committed or refused: it must not meet what comes after the next claim.</summary>
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
