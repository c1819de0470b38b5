using Holdfast.Broker.Tests.Harness;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Sessions;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Holdfast.Testing.Postgres;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>Nodes in one process on a real database. Everything is owned by somebody who does not die; what nodes ask each other is a call.</summary>
internal sealed class SessionCluster : ISessionPeers, IAsyncDisposable
{
    private readonly Dictionary<NodeId, TestNode> _nodes = [];
    private PostgresPartitionLog _log = null!;

    public PostgresOptions Options { get; } = SharedServer.NewOptions() with { Owner = "owner" };

    public GroupCommitter Committer { get; private set; } = null!;

    public Fanout Fanout { get; } = new();

    /// <summary>The clock of who keeps what of shared subscriptions.</summary>
    public FakeTimeProvider Time { get; } = new();

    /// <summary>Calls of one node to another.</summary>
    public int Releases { get; private set; }

    public static async Task<SessionCluster> StartAsync()
    {
        var cluster = new SessionCluster();
        cluster._log = await PostgresPartitionLog.OpenAsync(cluster.Options);
        for (var partition = 0; partition < cluster._log.PartitionCount; partition++)
        {
            Assert.True((await cluster._log.ClaimAsync(partition, "owner", 0)).IsGranted);
        }

        cluster.Committer = new GroupCommitter(cluster._log, cluster.Fanout, TimeProvider.System);
        cluster.Committer.Start();
        return cluster;
    }

    public async Task<TestNode> AddAsync(string name, TimeSpan willDelay = default, int mostSteps = CrashReplay.MostSteps)
    {
        var node = await TestNode.StartAsync(this, name, _nodes.Count + 1, willDelay, mostSteps);
        lock (_nodes)
        {
            _nodes.Add(node.Id, node);
        }

        return node;
    }

    public long[] Ends() => [.. Enumerable.Range(0, _log.PartitionCount).Select(_log.CommittedOffset)];

    public ValueTask<ReleaseOutcome> ReleaseAsync(NodeId node, string product, string clientId, ulong sessionId)
    {
        Releases++;
        return _nodes[node] is { IsDead: false } other
            ? other.Sessions.ReleaseAsync(product, clientId, sessionId)
            : throw new PeerUnavailableException(node, "it is dead");
    }

    public bool IsGone(NodeId node) => _nodes[node].IsDead;

    public INodeFence FenceOf(TestNode asker) => new Fence(this, asker);

    /// <summary>The nodes hear each other and decide about shared subscriptions, until nothing more is to be done. Each time two seconds have passed.</summary>
    public async Task DecideAboutSharesAsync()
    {
        for (var round = 0; round < 4; round++)
        {
            Time.Advance(TimeSpan.FromSeconds(2));
            foreach (var node in _nodes.Values.Where(node => !node.IsDead))
            {
                foreach (var other in _nodes.Values.Where(other => !other.IsDead && other != node))
                {
                    node.Hearing.Hear(other.Say());
                }
            }

            foreach (var node in _nodes.Values.Where(node => !node.IsDead))
            {
                await node.Shares.RunOnceAsync(node.Sessions.Host.Shares, TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>Waits until everything that was appended is committed and delivered.</summary>
    public Task CommittedAsync() => Marker.PassAsync(Committer, _log.PartitionCount);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Values)
        {
            await node.DisposeAsync();
        }

        await Committer.DisposeAsync();
        await _log.DisposeAsync();
    }

    private sealed class Fence(SessionCluster cluster, TestNode asker) : INodeFence
    {
        public async ValueTask<long[]> FenceEverywhereAsync(NodeId gone, CancellationToken cancellationToken)
        {
            if (!await asker.Sessions.Store.FenceAsync(gone.ToString()))
            {
                throw new PeerUnavailableException(gone, "it cannot be fenced");
            }

            cluster._nodes[gone].Cut();
            await cluster.CommittedAsync();
            return cluster.Ends();
        }
    }

    private sealed class Marker(int left) : ICommitObserver
    {
        private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = left;

        public static Task PassAsync(GroupCommitter committer, int partitions)
        {
            var marker = new Marker(partitions);
            for (var partition = 0; partition < partitions; partition++)
            {
                committer.AppendMarker(partition, marker, 0);
            }

            return marker._passed.Task.Within();
        }

        public void OnCompleted(ulong token, int partition, long offset, AppendStatus status)
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _passed.SetResult();
            }
        }
    }
}
