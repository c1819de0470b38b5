using System.Text;
using Holdfast.Broker;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Reports;
using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Reports;
using Holdfast.Cluster.Sessions;
using Holdfast.Cluster.Shares;
using Holdfast.Cluster.Silo;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster;

/// <summary>
/// This node's part of a cluster: the log and the state in the database, the partitions that it owns, the way of its records to their owners, and the committed batches
/// of the others (docs/adr/0009-cluster.md).
/// </summary>
public sealed class ClusterNode : IClusterBackbone, IAsyncDisposable
{
    /// <summary>How long a node that ends tries to give up what it keeps of shared subscriptions; the rest follows from the log.</summary>
    private static readonly TimeSpan GivingUpTime = TimeSpan.FromSeconds(2);

    private readonly ClusterNodeOptions _options;
    private readonly ILogger _logger;
    private readonly NodeEndpoint _endpoint = new();
    private readonly NodeHearing _hearing;
    private readonly NodeFences _fences = new();
    private readonly DatabaseReach _reach;
    private readonly TaskCompletionSource _served = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<BackgroundLoop> _loops = [];
    private ClusterSilo _silo = null!;
    private OwnerTable _owners = null!;
    private CatchUp _catchUp = null!;
    private CommitFanout _fanout = null!;
    private ClusterAppender _appender = null!;
    private DirectRelay _relay = null!;
    private OwnershipKeeper _keeper = null!;
    private Heartbeats _heartbeats = null!;
    private NodeMarks _marks = null!;
    private ClusterTimers _timers = null!;
    private SessionLoops? _sessionLoops;
    private ShareKeeper _shares = null!;
    private BackgroundLoop? _shareLoop;
    private volatile bool _isReady;
    private volatile bool _hasEnded;
    private IReadOnlyList<string> _listening = [];

    private ClusterNode(ClusterNodeOptions options)
    {
        _options = options;
        _logger = options.LoggerFactory.CreateLogger("holdfast.cluster");
        _hearing = new NodeHearing(options.TimeProvider);
        _reach = new DatabaseReach(options.TimeProvider);
    }

    /// <summary>The log.</summary>
    public PostgresPartitionLog Log { get; private set; } = null!;

    /// <summary>The state.</summary>
    public PostgresStateStore State { get; private set; } = null!;

    /// <summary>The checkpoints of this node.</summary>
    public PostgresClusterCheckpoints Checkpoints { get; private set; } = null!;

    /// <summary>Tells what the cluster promises.</summary>
    public IClusterReporter Reporter { get; private set; } = null!;

    /// <summary>Where clients connect, for those who are told to go there; set once the node takes clients.</summary>
    public IReadOnlyList<string> Listening
    {
        get => _listening;
        set
        {
            _listening = value;
            _isReady = true;
        }
    }

    private Func<int> Connections { get; set; } = () => 0;

    private Func<bool> CanCommit { get; set; } = () => false;

    /// <summary>Answers requests that came to the HTTP side of another node; set once this node has one.</summary>
    public Func<byte[], ValueTask<byte[]>> Requests { get; set; } = _ => throw new InvalidOperationException("This node has no HTTP side, or is starting.");

    /// <summary>Where the sessions of the cluster are.</summary>
    public ClusterSessions Sessions { get; private set; } = null!;

    /// <summary>This node and the others.</summary>
    public IPeers Peers => _silo.Peers;

    /// <inheritdoc/>
    public IRecordAppender Appender => _appender;

    /// <inheritdoc/>
    public IDirectRelay Relay => _relay;

    /// <summary>QoS 0 messages that were dropped because another node did not keep up.</summary>
    public long RelayDropped => _relay.Dropped;

    /// <summary>Bytes of committed records that this node has pushed to others: only what their filters may match, and retained messages.</summary>
    public long PushedBytes => _fanout.OfferedBytes;

    /// <inheritdoc/>
    public GroupCommitter Committer { get; private set; } = null!;

    /// <summary>Joins the cluster. Waits for a primary, as long as it takes; returns when every partition has an owner, this one or another.</summary>
    /// <param name="options">How the node takes part.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Log.Segments.StoreUnusableException">The schema is newer than this program, the store is another one than the options say, the server refuses the role, or the cluster's nodes are not of an adjacent version.</exception>
    public static async Task<ClusterNode> StartAsync(ClusterNodeOptions options, CancellationToken cancellationToken)
    {
        var node = new ClusterNode(options);
        try
        {
            await node.StartCoreAsync(cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Connect(ICommitSink sink)
    {
        _appender.Sink = sink;
        _catchUp.Sink = sink;
        _fanout.Sink = sink;
    }

    /// <summary>The broker has started: its sessions are looked after from now on.</summary>
    /// <param name="connections">How many network connections it has.</param>
    /// <param name="canCommit">Whether it can commit.</param>
    public void Begin(Func<int> connections, Func<bool> canCommit)
    {
        Connections = connections;
        CanCommit = canCommit;
        _sessionLoops = new SessionLoops(_marks, _timers, _options.OnFatal, _options.TimeProvider);
        _shareLoop = new BackgroundLoop(token => _shares.RunAsync(Sessions.Host.Shares, token), _options.OnFatal);
    }

    /// <summary>Whether something that runs once in the cluster runs here: by the owner of the partition that its name hashes to.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">Its name.</param>
    public bool Serves(string product, string name) => ServerOf(product, name) == Peers.Self;

    /// <summary>Where something runs that runs once in the cluster; null while nobody does.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">Its name.</param>
    public NodeId? ServerOf(string product, string name)
        => _owners.OwnerOf(Partitioning.PartitionOf(Partitioning.KeyHash(Encoding.UTF8.GetBytes(product), Encoding.UTF8.GetBytes(name)), Log.PartitionCount));

    /// <summary>Nothing of this life of the node follows any more: what is left in its name may go on elsewhere at once.</summary>
    public async Task EndAsync()
    {
        if (_shareLoop is { } loop)
        {
            _shareLoop = null;
            await loop.DisposeAsync().ConfigureAwait(false);
            using var limit = new CancellationTokenSource(GivingUpTime, _options.TimeProvider);
            await _shares.LeaveAsync(limit.Token).ConfigureAwait(false);
        }

        // It fences itself, and finds that out like anybody else: it is no death.
        _hasEnded = true;
        await State.ClusterSessions.FenceAsync(Peers.Self.ToString()).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public string? OtherEntrance()
    {
        var others = _hearing.Alive(_options.Times.Silence).Where(heartbeat => !heartbeat.IsLeaving)
            .SelectMany(heartbeat => heartbeat.Listening).Where(listening => listening.StartsWith("mqtt", StringComparison.Ordinal)).ToList();
        return others.Count == 0 ? null : new Uri(others[Random.Shared.Next(others.Count)]).Authority;
    }

    /// <inheritdoc/>
    public Task LetGoAsync() => _keeper.LeaveAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var loop in _loops)
        {
            await loop.DisposeAsync().ConfigureAwait(false);
        }

        IAsyncDisposable?[] inOrder = [_shareLoop, _sessionLoops, _appender, Committer, _fanout, _relay, _catchUp];
        foreach (var part in inOrder)
        {
            if (part is not null)
            {
                await part.DisposeAsync().ConfigureAwait(false);
            }
        }

        if (_silo is not null)
        {
            await _silo.StopAsync(CancellationToken.None).ConfigureAwait(false);
            await _silo.DisposeAsync().ConfigureAwait(false);
        }

        inOrder = [State, Log];
        foreach (var part in inOrder)
        {
            if (part is not null)
            {
                await part.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task StartCoreAsync(CancellationToken cancellationToken)
    {
        var patient = _options.Database with { WaitsForPrimary = true };
        _silo = await ClusterSilo.CreateAsync(
            new ClusterSiloOptions
            {
                Name = _options.Name,
                Listen = _options.Listen,
                Secret = _options.Secret,
                Database = patient,
                Endpoint = _endpoint,
                OnDeclaredDead = EndAsDead,
                LoggerFactory = _options.LoggerFactory,
            },
            cancellationToken).ConfigureAwait(false);
        var database = patient with { Owner = Peers.Self.ToString() };
        Log = await PostgresPartitionLog.OpenAsync(database, cancellationToken).ConfigureAwait(false);
        Log.EndLost += lost => _options.OnEndLost(lost.ToString());
        State = await PostgresStateStore.OpenAsync(database, cancellationToken).ConfigureAwait(false);
        Checkpoints = new PostgresClusterCheckpoints(State, Log);
        Compose();
        await _silo.StartAsync(cancellationToken).ConfigureAwait(false);
        _loops.Add(new BackgroundLoop(_heartbeats.RunAsync, _options.OnFatal));
        _loops.Add(new BackgroundLoop(_keeper.RunAsync, _options.OnFatal));
        await WhenServedAsync(cancellationToken).ConfigureAwait(false);
        await Sessions.RegisterAsync(_options.Zone, [.. Enumerable.Range(0, Log.PartitionCount).Select(Log.CommittedOffset)]).ConfigureAwait(false);
    }

    private void Compose()
    {
        var time = _options.TimeProvider;
        _owners = new OwnerTable(Log.PartitionCount);
        _catchUp = new CatchUp(Log, _logger, _options.OnFatal, time);
        _relay = new DirectRelay(Peers, _options.OnFatal, time);
        _fanout = new CommitFanout(Log, Peers, _catchUp, _relay, _reach, _options.OnFatal);
        Committer = new GroupCommitter(Log, _fanout, time, ownsAll: false);
        _fanout.Committer = Committer;
        var appends = new ForwardedAppends(Committer, _fences);
        var takeover = new PartitionTakeover(Log, Checkpoints, Committer, State.ClusterSessions, _fences);
        _keeper = new OwnershipKeeper(_options.Times, Peers, _hearing, _owners, Log, takeover, Committer, _reach, () => _isReady, _logger, time);
        var gone = new GoneNodes(Peers, _hearing, _options.Times, time);
        ComposeSessions(gone, time);
        _heartbeats = new Heartbeats(_options.Times, Peers, Say, Hear, gone.KnockAsync, time);
        _keeper.Changed += _heartbeats.TellNow;
        _shares.Changed += _heartbeats.TellNow;
        _endpoint.Begin(new NodeAnswers(Peers.Self, Hear, appends, _fanout, _relay, _fences, _keeper, Sessions, request => Requests(request), _options.OnDrain));
        _appender = new ClusterAppender(
            _owners, EndpointOf, Peers.Self, () => EndAsDead("its sessions go on elsewhere"), _options.OnFatal, time);
        Reporter = new ClusterReporter(Log, _options.Database.Durability, Peers, _hearing, _owners, _options.Times, Say, _options.OnDrain);
        Peers.Changed += FollowPeers;
        FollowPeers();
        Committer.Start();
    }

    private void ComposeSessions(GoneNodes gone, TimeProvider time)
    {
        var store = State.ClusterSessions;
        var fence = new NodeFence(store, Log, EndpointOf, () => [.. Peers.Others, Peers.Self], time);
        var replays = new CrashReplays(store, fence, Log);
        var orphans = new OrphanSettler(store, replays, _options.Times.WillDelay);
        var settler = new ShareSettler(State.ClusterShares, replays);
        var decision = new ShareDecision(_options.Times, Peers.Self, _hearing, Log.PartitionCount, time);
        _shares = new ShareKeeper(State.ClusterShares, gone, settler, decision, () => _keeper.IsLeaving, _logger, time);
        Sessions = new ClusterSessions(store, gone, orphans, time, _logger);
        _marks = new NodeMarks(Sessions, _reach.Note, () => EndAsDead("other nodes have fenced it"), time, _logger);
        _timers = new ClusterTimers(Sessions, gone, orphans, new OrphanShares(State.ClusterShares, settler), () => _owners.OwnerOf(0) == Peers.Self && CanCommit(), _logger);
    }

    private void EndAsDead(string reason)
    {
        if (!_hasEnded)
        {
            _options.OnDeclaredDead(reason);
        }
    }

    private INodeEndpoint EndpointOf(NodeId node) => node == Peers.Self ? _endpoint : Peers.Get(node);

    private void FollowPeers()
    {
        _fanout.FollowPeers();
        _relay.FollowPeers();
    }

    private Heartbeat Say() => new(Peers.Self, _options.Zone, _keeper.Owned(), _keeper.IsLeaving, _isReady, Connections(), [.. Listening])
    {
        IsCut = _isReady && _reach.IsCut,
        Protocol = PeerProtocol.Version,
        Shares = _shares.Members,
    };

    private void Hear(Heartbeat heartbeat)
    {
        if (heartbeat.From != Peers.Self)
        {
            _hearing.Hear(heartbeat);
            if (PeerProtocol.Refusal(heartbeat.From, heartbeat.Protocol) is { } refusal)
            {
                // Who starts gives way; who serves goes on.
                _served.TrySetException(new Log.Segments.StoreUnusableException(refusal));
            }
        }

        // First how far it is committed: who waits for the last owner begins there.
        foreach (var owned in heartbeat.Owned)
        {
            _catchUp.Hear(owned.Partition, owned.CommittedOffset);
        }

        _owners.Hear(heartbeat.From, heartbeat.Owned);
    }

    private async Task WhenServedAsync(CancellationToken cancellationToken)
    {
        void Look()
        {
            if (_owners.IsComplete)
            {
                _served.TrySetResult();
            }
        }

        _owners.Changed += Look;
        Look();
        await _served.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        _owners.Changed -= Look;
    }
}
