using Holdfast.Broker.Calls;
using Holdfast.Broker.Checkpoints;
using Holdfast.Broker.Connections;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Health;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Limits;
using Holdfast.Broker.Limits.Overload;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Retained;
using Holdfast.Broker.Retention;
using Holdfast.Broker.Sessions;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Wills;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.State;
using Holdfast.Mqtt;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker;

/// <summary>One broker over one log: everything between the listeners and the store.</summary>
public sealed class BrokerNode : IAsyncDisposable
{
    /// <summary>How long a node that shuts down tries to store its sessions; what is not stored follows from the log.</summary>
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(10);

    private readonly SessionServices _services;
    private readonly SessionRegistry _registry;
    private readonly EventPublisher _publisher;
    private readonly DeviceCalls _calls;
    private readonly ClientLifecycle _lifecycle;
    private readonly SubscriptionHandler _subscriptions;
    private readonly WillScheduler _wills;
    private readonly SessionExpiry _expiry;
    private readonly SessionEnding _ending;
    private readonly ISessionKeeper _keeper;
    private readonly Checkpointer _checkpointer;
    private readonly RetentionPolicy _retention;
    private readonly RetentionKeeper _retentionKeeper;
    private readonly IClusterBackbone? _backbone;
    private readonly ICheckpointStore _checkpoints;
    private readonly DirectRouter _router;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _loops = [];

    private BrokerNode(SessionServices services, SessionRegistry registry, ISessionStore sessionStore, BrokerStores stores)
    {
        _services = services;
        _registry = registry;
        _retention = stores.Retention;
        _retentionKeeper = new RetentionKeeper(services.Log, services.Feed, services.Identities, services.Time, services.Logger);
        _backbone = stores.Backbone;
        _checkpoints = stores.Checkpoints;
        _publisher = new EventPublisher(services, services.Monitor);
        Retained = new RetainedReader(services);
        _calls = new DeviceCalls(services, _publisher, stores.Home?.Store);
        _wills = new WillScheduler(services, sessionStore);
        _expiry = new SessionExpiry(services, services.Monitor);
        _ending = new SessionEnding(services, sessionStore, _wills);
        _keeper = Keeper(stores.Home, sessionStore);
        _lifecycle = new ClientLifecycle(services, registry, sessionStore, _keeper, _ending, services.Monitor, _wills, _expiry);
        _subscriptions = new SubscriptionHandler(services, sessionStore);
        _checkpointer = new Checkpointer(services, registry, stores.Checkpoints);
        _router = new DirectRouter(services);
        services.Monitor.DisconnectEverybody = reason => _ = DisconnectAllAsync(ReasonCode.ServerBusy, reason, services.Options.DisconnectJitter);
    }

    /// <summary>Publishes for something that is not an MQTT connection.</summary>
    public IEventPublisher Publisher => _publisher;

    /// <summary>Calls devices.</summary>
    public IDeviceCalls Calls => _calls;

    /// <summary>Reads retained messages.</summary>
    public IRetainedReader Retained { get; }

    /// <summary>Whether the node can commit.</summary>
    public ICommitHealth Health => _services.Monitor;

    /// <summary>Wakes readers of the log.</summary>
    public ICommitFeed Feed => _services.Feed;

    /// <summary>Topics whose QoS 0 messages are logged.</summary>
    public ILogInterest LogInterests => _services.LogInterests;

    /// <summary>Products, devices and tokens.</summary>
    public IdentityRegistry Identities => _services.Identities;

    /// <summary>From when on products keep their events.</summary>
    public IRetentionFloors Floors => _services.Floors;

    /// <summary>Decides who clients are.</summary>
    public ClientAuthenticator Authenticator => _services.Authenticator;

    /// <summary>How far its sessions are.</summary>
    public ISessionPositions SessionPositions => new SessionPositions(_registry, _services.Feed);

    /// <summary>Tells operators what is refused and dropped; the transport has something to tell too.</summary>
    public RefusalLog Refusals => _services.Refusals;

    /// <summary>Whether it has more to do than it can.</summary>
    public OverloadLevel Overload => _services.Overload.Level;

    /// <summary>The counters.</summary>
    public BrokerMetrics Metrics => _services.Metrics;

    /// <summary>Number of network connections.</summary>
    public int ConnectionCount => _services.Connections.Count;

    /// <summary>Recovers the state and starts.</summary>
    /// <param name="options">Limits and times.</param>
    /// <param name="stores">Where everything durable is.</param>
    /// <param name="metrics">The counters.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log for operators.</param>
    /// <param name="onFatal">Called when the store can no longer be trusted: the process must end.</param>
    /// <param name="cancellationToken">Ends the recovery.</param>
    public static async Task<BrokerNode> StartAsync(
        BrokerOptions options, BrokerStores stores, BrokerMetrics metrics, TimeProvider time, ILogger logger, Action<Exception> onFatal, CancellationToken cancellationToken)
    {
        var identities = new IdentityRegistry(stores.Identities ?? new NoIdentities());
        var services = new SessionServices
        {
            Options = options,
            Log = stores.Log,
            Subscriptions = new SubscriptionIndex<LogSubscriber> { Observer = stores.Backbone?.Relay },
            Backbone = stores.Backbone,
            Retained = new RetainedMessages(),
            Metrics = metrics,
            Time = time,
            Logger = logger,
            SessionsTravel = stores.Home is not null,
            Identities = identities,
            Floors = new RetentionFloors(identities, time),
        };
        services.Feed = new Dispatcher(services, onFatal);
        services.Committer = stores.Backbone?.Committer ?? new GroupCommitter(stores.Log, services.Feed, time);
        services.Appender = stores.Backbone?.Appender ?? services.Committer;
        services.Monitor = new CommitMonitor(services);
        services.Authenticator = new ClientAuthenticator(services.Identities, time);
        services.IdentityConnections = new IdentityConnections(services);
        await services.Identities.RefreshAsync(cancellationToken).ConfigureAwait(false);
        var registry = new SessionRegistry(services);
        var sessionStore = stores.Home is { } home ? new NodeSessionStore(home.Store) : stores.Sessions;
        var recovered = await new Recovery(services, registry, sessionStore, stores.Checkpoints).RunAsync(cancellationToken).ConfigureAwait(false);
        var node = new BrokerNode(services, registry, sessionStore, stores);
        node.Start(recovered);
        return node;
    }

    /// <summary>Takes a network connection.</summary>
    /// <param name="output">Where its packets go.</param>
    /// <param name="info">Where it comes from.</param>
    /// <returns>The connection; when the network has ended call <see cref="EndAsync"/>.</returns>
    public ClientConnection Accept(PacketOutput output, ConnectionInfo info)
    {
        var connection = new ClientConnection(_services, _lifecycle, _subscriptions, _router, output, info);
        _services.Connections.Add(connection);
        return connection;
    }

    /// <summary>Lets a connection go whose network has ended.</summary>
    /// <param name="connection">The connection.</param>
    public async Task EndAsync(ClientConnection connection)
    {
        await connection.OnEndedAsync().ConfigureAwait(false);
        _services.Connections.Remove(connection);
    }

    /// <summary>Unready first; disconnects everybody, commits what was appended, and writes exact cursors.</summary>
    /// <param name="whenDisconnected">Completes when the transport has let every connection go; the node does not wait longer for it.</param>
    public async Task DrainAsync(Func<Task> whenDisconnected)
    {
        _services.Monitor.Drain();
        if (_backbone is not null)
        {
            await _backbone.LetGoAsync().ConfigureAwait(false);
        }

        await DisconnectAllAsync(ReasonCode.ServerShuttingDown, "The server is shutting down.", MovingTime()).ConfigureAwait(false);
        await whenDisconnected().ConfigureAwait(false);
        await Task.WhenAny(_keeper.SettleAllAsync(), Task.Delay(SettleLimit, _services.Time)).ConfigureAwait(false);
        await StopLoopsAsync().ConfigureAwait(false);
        if (_backbone is null)
        {
            await _services.Committer.DisposeAsync().ConfigureAwait(false);
        }

        if (!_services.Feed.IsFatal)
        {
            await _checkpointer.RunLastAsync().ConfigureAwait(false);
        }
    }

    /// <summary>In a cluster clients are moved at a set rate, so that the other nodes are not flooded.</summary>
    private TimeSpan MovingTime() => _backbone is null ? TimeSpan.Zero : TimeSpan.FromSeconds((double)_services.Connections.Count / _services.Options.ClientsMovedPerSecond);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopLoopsAsync().ConfigureAwait(false);
        await _services.IdentityConnections.WriteAsync().ConfigureAwait(false);
        _services.Identities.Dispose();
        _wills.Dispose();
        _stopping.Dispose();
    }

    private void Start(RecoveredState recovered)
    {
        _checkpointer.StartFrom(recovered.AppliedOffsets);
        foreach (var session in recovered.Sessions)
        {
            _expiry.Schedule(session);
        }

        if (_backbone is null)
        {
            _services.Committer.Start();
        }
        else
        {
            _backbone.Connect(_services.Feed);
        }

        _services.Monitor.Start();
        foreach (var session in recovered.WasConnected)
        {
            _wills.ScheduleAfterRestart(session);
        }

        foreach (var session in recovered.Sessions.Except(recovered.WasConnected))
        {
            _wills.Schedule(session);
        }

        AddGauges();
        _loops.Add(EveryAsync(CommitMonitor.Interval, Judge));
        _loops.Add(EveryAsync(TimeSpan.FromSeconds(1), _services.Connections.CheckSilence));
        _loops.Add(EveryAsync(TimeSpan.FromSeconds(1), ExpireSessionsAsync));
        _loops.Add(EveryAsync(_services.Options.CheckpointInterval, _checkpointer.RunOnceAsync));
        _loops.Add(EveryAsync(TimeSpan.FromSeconds(10), ApplyRetentionAsync));
        _loops.Add(EveryAsync(TimeSpan.FromMinutes(1), KeepLimitsAsync));
        _loops.Add(EveryAsync(TimeSpan.FromSeconds(1), _services.IdentityConnections.WriteAsync));
        _loops.Add(EveryAsync(RefusalLog.Interval, _services.Refusals.Tell));
        _loops.Add(EveryAsync(TimeSpan.FromMinutes(1), _services.Ledger.Forget));
        if (_backbone is not null)
        {
            _loops.Add(EveryAsync(TimeSpan.FromMilliseconds(500), FollowIdentitiesAsync));
        }
    }

    private ISessionKeeper Keeper(ISessionHome? home, ISessionStore store)
    {
        if (home is null)
        {
            return new StayingSessions(_services, _registry, store, _wills, _expiry, _ending);
        }

        var sessions = new TravellingSessions(_services, _registry, home, _wills, _ending, _stopping.Token);
        home.Connect(sessions);
        return sessions;
    }

    private void AddGauges()
    {
        var metrics = _services.Metrics;
        metrics.AddGauge("holdfast_connections", () => _services.Connections.Count, "Network connections now.");
        metrics.AddGauge("holdfast_sessions", () => _registry.Count, "Sessions, connected or waiting.");
        metrics.AddGauge("holdfast_subscriptions", () => _services.Subscriptions.Count, "Subscriptions.");
        metrics.AddGauge("holdfast_retained", () => _services.Retained.Count, "Retained messages.");
        metrics.AddGauge("holdfast_log_bytes", () => _services.Log.GetStatistics().Bytes, "Bytes of the log on disk.");
        metrics.AddGauge("holdfast_log_damaged_records", () => _services.Log.GetStatistics().DamagedRecords, "Records found damaged, never served.");
        metrics.AddGauge("holdfast_calls_waiting", () => _calls.Waiting, "Device calls that wait for an answer.");
        metrics.AddGauge("holdfast_connects_waiting", () => _services.ConnectPlaces.Waiting, "Clients whose sessions wait for their turn to be brought.");
        metrics.AddGauge("holdfast_overload", () => (int)_services.Overload.Level, "0 normally, 1 while publishers are slowed down, 2 while QoS 0 is dropped and nobody new is let in.");
        metrics.AddGauge("holdfast_commit_age_milliseconds", () => (long)_services.Overload.CommitAge.TotalMilliseconds, "How long the oldest append has waited for its commit.");
        metrics.AddGauge("holdfast_memory_bytes", _services.Options.MemoryInUse, "Memory in use, without what is mapped of files.");
        metrics.AddGauge("holdfast_memory_limit_bytes", () => _services.Options.MemoryLimit, "Memory that may be used before publishers are slowed down: at 80 % of it.");
        metrics.AddGauge("holdfast_committing", () => Health.State == CommitState.Committing ? 1 : 0, "1 while the node commits.");
    }

    private Task EveryAsync(TimeSpan interval, Action action) => EveryAsync(interval, () =>
    {
        action();
        return Task.CompletedTask;
    });

    private async Task EveryAsync(TimeSpan interval, Func<Task> action)
    {
        using var timer = new PeriodicTimer(interval, _services.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                await action().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
        catch (Exception exception)
        {
            // A node whose housekeeping has died must not go on as if it lived.
            _services.Feed.OnFatal(exception);
        }
    }

    private void Judge()
    {
        _services.Monitor.Judge();
        _services.Overload.Judge();
    }

    private async Task ExpireSessionsAsync()
    {
        foreach (var session in _expiry.TakeDue())
        {
            if (_registry.RemoveIfUnclaimed(session))
            {
                await _ending.EndAsync(session).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What other nodes have changed; a revocation counts here within a second.</summary>
    private async Task FollowIdentitiesAsync()
    {
        try
        {
            await _services.Identities.RefreshAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            _services.Logger.LogWarning("The registry cannot be looked at now: {Message}", exception.Message);
        }
    }

    private async Task ApplyRetentionAsync()
    {
        try
        {
            // In a cluster every partition has its own owner, who writes down how far it has come.
            var applied = _backbone is null ? _checkpointer.AppliedOffsets : (await _checkpoints.LoadAsync(_stopping.Token).ConfigureAwait(false)).AppliedOffsets;
            var policy = _retention with { NothingKeptBefore = _retentionKeeper.NothingKeptBefore };
            await _services.Log.ApplyRetentionAsync(policy, applied, _stopping.Token).ConfigureAwait(false);
        }
        catch (IOException exception) when (_backbone is not null)
        {
            _services.Logger.LogWarning("Retention waits: {Message}", exception.Message);
        }
    }

    private async Task KeepLimitsAsync()
    {
        try
        {
            await _retentionKeeper.RunAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            _services.Logger.LogWarning("The limits of products wait: {Message}", exception.Message);
        }
    }

    private async Task DisconnectAllAsync(ReasonCode reason, string message, TimeSpan jitter)
    {
        var connections = _services.Connections.ToArray();
        Random.Shared.Shuffle(connections);
        var started = _services.Time.GetTimestamp();
        for (var index = 0; index < connections.Length; index++)
        {
            var due = jitter * index / connections.Length;
            var early = due - _services.Time.GetElapsedTime(started);
            if (early > TimeSpan.FromMilliseconds(10))
            {
                await Task.Delay(early, _services.Time).ConfigureAwait(false);
            }

            connections[index].Close(reason, message);
        }
    }

    private async Task StopLoopsAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_loops).ConfigureAwait(false);
    }
}

/// <summary>Where a node keeps everything durable.</summary>
/// <param name="Log">The log.</param>
/// <param name="Sessions">The sessions.</param>
/// <param name="Checkpoints">The projections.</param>
/// <param name="Retention">What the log keeps.</param>
/// <param name="Backbone">The cluster, when there is one; else the node commits to the log itself.</param>
/// <param name="Home">Where the cluster keeps the sessions, when there is one; else they stay on this node, and in <paramref name="Sessions"/>.</param>
/// <param name="Identities">The registry; null for none, when all clients are anonymous.</param>
public sealed record BrokerStores(
    IPartitionLog Log,
    ISessionStore Sessions,
    ICheckpointStore Checkpoints,
    RetentionPolicy Retention,
    IClusterBackbone? Backbone = null,
    ISessionHome? Home = null,
    IIdentityStore? Identities = null);
