using System.Net;
using Holdfast.Broker;
using Holdfast.Broker.Connections;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Sessions;
using Holdfast.Cluster.Shares;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>One node: a broker, its sessions and its store. Its records go to the cluster's one owner.</summary>
internal sealed class TestNode : IClusterBackbone, IAsyncDisposable
{
    private readonly SessionCluster _cluster;
    private readonly NodeAppender _appender;
    private readonly BrokerMetrics _metrics = new();
    private readonly List<TestClient> _clients = [];

    private TestNode(SessionCluster cluster, NodeId id)
    {
        (_cluster, Id) = (cluster, id);
        _appender = new NodeAppender(cluster.Committer);
    }

    public NodeId Id { get; }

    public IRecordAppender Appender => _appender;

    public GroupCommitter Committer => _cluster.Committer;

    public IDirectRelay Relay { get; } = new NoRelay();

    public ICommitSink Sink { get; private set; } = null!;

    public PostgresPartitionLog Log { get; private set; } = null!;

    public PostgresStateStore State { get; private set; } = null!;

    public ClusterSessions Sessions { get; private set; } = null!;

    public OrphanSettler Orphans { get; private set; } = null!;

    public NodeMarks Marks { get; private set; } = null!;

    public ClusterTimers Timers { get; private set; } = null!;

    public BrokerNode Broker { get; private set; } = null!;

    public ShareKeeper Shares { get; private set; } = null!;

    public NodeHearing Hearing { get; private set; } = null!;

    public bool IsDead { get; private set; }

    /// <summary>It does not hear what is committed.</summary>
    public bool IsDeaf { get; set; }

    public TaskCompletionSource Fenced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<TestNode> StartAsync(SessionCluster cluster, string name, int generation, TimeSpan willDelay, int mostSteps)
    {
        var node = new TestNode(cluster, new NodeId(name, IPAddress.Loopback, 1000 + generation, generation));
        var options = cluster.Options with { Owner = node.Id.ToString() };
        node.Log = await PostgresPartitionLog.OpenAsync(options);
        node.State = await PostgresStateStore.OpenAsync(options);
        var ends = cluster.Ends();
        for (var partition = 0; partition < ends.Length; partition++)
        {
            node.Log.Announce(partition, ends[partition]);
        }

        var store = node.State.ClusterSessions;
        var replays = new CrashReplays(store, cluster.FenceOf(node), node.Log, mostSteps);
        node.Orphans = new OrphanSettler(store, replays, willDelay);
        node.Hearing = new NodeHearing(cluster.Time);
        var settler = new ShareSettler(node.State.ClusterShares, replays);
        var decision = new ShareDecision(new ClusterTimes { Tenure = TimeSpan.Zero }, node.Id, node.Hearing, ends.Length, cluster.Time);
        node.Shares = new ShareKeeper(node.State.ClusterShares, cluster, settler, decision, () => false, NullLogger.Instance, cluster.Time);
        node.Sessions = new ClusterSessions(store, cluster, node.Orphans, TimeProvider.System, NullLogger.Instance);
        node.Marks = new NodeMarks(node.Sessions, static () => { }, () => node.Fenced.TrySetResult(), TimeProvider.System, NullLogger.Instance);
        node.Timers = new ClusterTimers(node.Sessions, cluster, node.Orphans, new OrphanShares(node.State.ClusterShares, settler), () => true, NullLogger.Instance);
        await node.Sessions.RegisterAsync("here", ends);
        node.Broker = await BrokerNode.StartAsync(
            new BrokerOptions(),
            new BrokerStores(node.Log, node.State, new NoCheckpoints(node.Log), RetentionPolicy.Default, node, node.Sessions),
            node._metrics,
            TimeProvider.System,
            NullLogger.Instance,
            error => Environment.FailFast("A node failed.", error),
            CancellationToken.None);
        return node;
    }

    public void Connect(ICommitSink sink)
    {
        Sink = sink;
        _cluster.Fanout.Add(this);
    }

    public Task LetGoAsync() => Task.CompletedTask;

    public string? OtherEntrance() => null;

    /// <summary>Connects a client that must be accepted.</summary>
    public async Task<TestClient> ConnectAsync(string clientId, uint expirySeconds = 3600, bool cleanStart = false, Will? will = null)
    {
        var client = Open();
        var packet = new ConnectPacket
        {
            Version = ProtocolVersion.Mqtt5, ClientId = clientId, CleanStart = cleanStart, SessionExpirySeconds = expirySeconds, Will = will,
        };
        Assert.Equal(ReasonCode.Success, (await client.ConnectAsync(packet)).Reason);
        return client;
    }

    /// <summary>Connects a client in a crowd: another may have taken its place before it is told that it has it.</summary>
    public async Task<TestClient> ConnectOrBeOvertakenAsync(string clientId)
    {
        var client = Open();
        var connecting = client.ConnectAsync(new ConnectPacket
        {
            Version = ProtocolVersion.Mqtt5, ClientId = clientId, CleanStart = false, SessionExpirySeconds = 3600,
        });
        if (await Task.WhenAny(connecting, client.Output.Closed) == connecting)
        {
            Assert.Equal(ReasonCode.Success, (await connecting).Reason);
        }
        else
        {
            _ = connecting.ContinueWith(ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }

        return client;
    }

    public TestClient Open()
    {
        var output = new MemoryOutput(ProtocolVersion.Mqtt5);
        var client = new TestClient(Broker, Broker.Accept(output, new ConnectionInfo("test", AllowAnonymous: true)), output, ProtocolVersion.Mqtt5);
        lock (_clients)
        {
            _clients.Add(client);
        }

        return client;
    }

    /// <summary>The process is gone: nothing that still runs of it reaches the others or the store.</summary>
    public async Task KillAsync()
    {
        IsDead = true;
        Cut();
        _cluster.Fanout.Remove(this);
        await State.DisposeAsync();
        await Broker.DisposeAsync().AsTask().Within();
    }

    /// <summary>What it says of itself.</summary>
    public Heartbeat Say() => new(Id, "here", [], IsLeaving: false, IsReady: true, Connections: 0, []) { Shares = Shares.Members };

    /// <summary>Nothing of it reaches the owner any more.</summary>
    public void Cut() => _appender.Cut();

    public Task DrainAsync() => Broker.DrainAsync(() => Task.WhenAll(_clients.Select(client => client.LoseAsync()))).Within();

    public async ValueTask DisposeAsync()
    {
        if (!IsDead)
        {
            await KillAsync();
        }

        Shares.Dispose();
        await Log.DisposeAsync();
        _metrics.Dispose();
    }
}
