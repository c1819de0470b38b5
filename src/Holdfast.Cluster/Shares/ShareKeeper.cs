using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Sessions;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Shares;

/// <summary>
/// Keeps this node the reader of those partitions of shared subscriptions that fall to it: takes rows that name nobody, settles those of dead nodes, and gives up what falls to another node, once
/// members have confirmed what they were sent (docs/adr/0010-shared-subscriptions-in-a-cluster.md). One decision at a time.
/// </summary>
internal sealed class ShareKeeper(
    IClusterShareStore store, ISessionPeers peers, ShareSettler settler, ShareDecision decision, Func<bool> isLeaving, ILogger logger, TimeProvider time) : IDisposable
{
    /// <summary>Between two decisions when nothing happens.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a partition that is given up waits for its members to confirm.</summary>
    private static readonly TimeSpan ConfirmationTime = TimeSpan.FromSeconds(1);

    /// <summary>Between two looks for rows that name this node without its knowledge.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly WakeUp _work = new();
    private readonly List<StoredSharePartition> _toRelease = [];
    private readonly Dictionary<(ulong Share, int Partition), long> _stoppedAt = [];
    private IShareHost? _host;
    private long _lookedAt;
    private ShareMembers[] _members = [];

    /// <summary>The members of this node have changed, and the others should know.</summary>
    public event Action? Changed;

    /// <summary>The shares that have connected members here.</summary>
    public ShareMembers[] Members => Volatile.Read(ref _members);

    /// <summary>Decides until the token is cancelled.</summary>
    public async Task RunAsync(IShareHost host, CancellationToken cancellationToken)
    {
        host.Changed += _work.Signal;
        while (!cancellationToken.IsCancellationRequested)
        {
            await RunOnceAsync(host, cancellationToken).ConfigureAwait(false);
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(Task.Delay(Interval, time, pause.Token), _work.WaitAsync(pause.Token).AsTask()).ConfigureAwait(false);
            await pause.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Decides once. Failures of the store are logged; the next time makes up for them.</summary>
    public async Task RunOnceAsync(IShareHost host, CancellationToken cancellationToken)
    {
        _host = host;
        var shares = host.Shares();
        TellMembers(shares);
        try
        {
            foreach (var share in shares)
            {
                StopWhatFallsToOthers(host, share);
            }

            await ReleaseAsync().ConfigureAwait(false);
            await ReleaseUnknownAsync(host, cancellationToken).ConfigureAwait(false);

            // Looked at again: the last members may be gone, and their share given up.
            foreach (var share in host.Shares().Where(share => share.Members > 0))
            {
                await TryTakeAsync(host, share, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (IOException exception)
        {
            logger.LogWarning("Shared subscriptions wait: {Message}", exception.Message);
        }
    }

    /// <summary>Gives everything up that this node keeps, when its members are gone or it is leaving.</summary>
    /// <param name="limit">Ends it; what is left is settled by others.</param>
    public async Task LeaveAsync(CancellationToken limit)
    {
        while (_host is { } host && !limit.IsCancellationRequested && (_toRelease.Count > 0 || host.Shares().Any(share => share.Sending.Count + share.Stopped.Count > 0)))
        {
            await RunOnceAsync(host, limit).ConfigureAwait(false);
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _work.Dispose();

    private void TellMembers(IReadOnlyList<LocalShare> shares)
    {
        ShareMembers[] members = [.. shares.Where(share => share.Members > 0).Select(share => new ShareMembers(share.Hash, share.Members)).OrderBy(one => one.Share)];
        if (!members.AsSpan().SequenceEqual(_members))
        {
            Volatile.Write(ref _members, members);
            Changed?.Invoke();
        }
    }

    private void StopWhatFallsToOthers(IShareHost host, LocalShare share)
    {
        var toStop = decision.Decide(share, isLeaving()).ToStop;
        foreach (var partition in toStop)
        {
            host.Stop(share, partition);
        }

        foreach (var partition in share.Stopped.Concat(toStop))
        {
            var key = (share.Hash, partition);
            _stoppedAt.TryAdd(key, time.GetTimestamp());
            var atOnce = share.Members == 0 || isLeaving() || time.GetElapsedTime(_stoppedAt[key]) >= ConfirmationTime;
            if (host.TryGiveUp(share, partition, atOnce) is { } given)
            {
                _stoppedAt.Remove(key);
                decision.OnGivenUp(share.Hash, partition);
                _toRelease.Add(given);
            }
        }
    }

    private async Task ReleaseAsync()
    {
        if (_toRelease.Count > 0)
        {
            await store.ReleaseAsync(_toRelease).ConfigureAwait(false);
            _toRelease.Clear();
        }
    }

    /// <summary>Rows that name this node without its knowledge: they were taken, and the answer did not come.</summary>
    private async Task ReleaseUnknownAsync(IShareHost host, CancellationToken cancellationToken)
    {
        if (_lookedAt != 0 && time.GetElapsedTime(_lookedAt) < LookInterval)
        {
            return;
        }

        _lookedAt = time.GetTimestamp();
        var kept = host.Shares().SelectMany(share => share.Sending.Concat(share.Stopped).Select(partition => (share.Product, share.Filter, partition))).ToHashSet();
        var rows = await store.LoadOfAsync(store.Node, int.MaxValue, cancellationToken).ConfigureAwait(false);
        _toRelease.AddRange(rows.Where(row => !kept.Contains((row.Product, row.Filter, row.Partition))));
        await ReleaseAsync().ConfigureAwait(false);
    }

    /// <summary>What one share waits for, such as the fence of its last keeper, holds up no other.</summary>
    private async Task TryTakeAsync(IShareHost host, LocalShare share, CancellationToken cancellationToken)
    {
        try
        {
            await TakeAsync(host, share, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception) when (exception is not StateStoreException)
        {
            logger.LogWarning("The shared subscription {Filter} of {Product} waits: {Message}", share.Filter, share.Product, exception.Message);
        }
    }

    private async Task TakeAsync(IShareHost host, LocalShare share, CancellationToken cancellationToken)
    {
        var wanted = decision.Decide(share, isLeaving()).ToTake;
        if (wanted.Count == 0 || IsStillKeptByAnEarlierOne(host, share))
        {
            return;
        }

        var rows = await store.LoadAsync(share.Product, share.Filter, cancellationToken).ConfigureAwait(false);
        foreach (var row in rows.Where(row => wanted.Contains(row.Partition) && NodeId.TryParse(row.Keeper, out var keeper) && peers.IsGone(keeper)))
        {
            await settler.SettleAsync(row, NodeId.Parse(row.Keeper!), host, cancellationToken).ConfigureAwait(false);
        }

        var free = wanted.Where(partition => IsFree(rows.FirstOrDefault(row => row.Partition == partition))).ToList();
        if (free.Count == 0)
        {
            return;
        }

        foreach (var row in await store.TakeAsync(share.Product, share.Filter, share.Since, free).ConfigureAwait(false))
        {
            if (host.Take(share, row))
            {
                decision.OnTaken(share.Hash, row.Partition);
            }
            else
            {
                _toRelease.Add(row);
            }
        }
    }

    /// <summary>A share whose last member left, and whose name another has now that began later.</summary>
    private static bool IsStillKeptByAnEarlierOne(IShareHost host, LocalShare share)
        => host.Shares().Any(other => other.Hash == share.Hash && other.Since != share.Since && other.Sending.Count + other.Stopped.Count > 0);

    private bool IsFree(StoredSharePartition? row)
        => row?.Keeper is not { } keeper || keeper == store.Node || (NodeId.TryParse(keeper, out var node) && peers.IsGone(node));
}
