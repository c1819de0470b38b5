using Holdfast.Broker.Connections;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Health;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Limits;
using Holdfast.Broker.Limits.Overload;
using Holdfast.Broker.Retained;
using Holdfast.Broker.Retention;
using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Broker.Subscriptions;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Sessions;

/// <summary>What the parts of the broker share.</summary>
internal sealed class SessionServices
{
    private RetrySlots? _retrySlots;
    private LimitLedger? _ledger;
    private RefusalLog? _refusals;
    private OverloadGuard? _overload;
    private ConnectPlaces? _places;
    private OpenConnections? _connections;

    public SessionServices() => Shared = new SharedSubscriptionRegistry(this);

    public required BrokerOptions Options { get; init; }

    public required IPartitionLog Log { get; init; }

    public required SubscriptionIndex<LogSubscriber> Subscriptions { get; init; }

    public required RetainedMessages Retained { get; init; }

    public required BrokerMetrics Metrics { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>The cluster; null on a single machine.</summary>
    public IClusterBackbone? Backbone { get; init; }

    /// <summary>Whether the node is one of a cluster: its sessions are stored when their clients go, and wait nowhere in memory.</summary>
    public bool SessionsTravel { get; init; }

    /// <summary>Products, devices and tokens.</summary>
    public IdentityRegistry Identities { get; init; } = new(new NoIdentities());

    /// <summary>From when on products keep their events.</summary>
    public IRetentionFloors Floors { get; init; } = IRetentionFloors.None;

    /// <summary>Decides who clients are.</summary>
    public ClientAuthenticator Authenticator { get; set; } = null!;

    /// <summary>Whose connections there are.</summary>
    public IdentityConnections IdentityConnections { get; set; } = null!;

    /// <summary>Who uses how much of what is limited.</summary>
    public LimitLedger Ledger => LazyInitializer.EnsureInitialized(ref _ledger, () => new LimitLedger(Identities, Time));

    /// <summary>Tells operators what is refused and dropped.</summary>
    public RefusalLog Refusals => LazyInitializer.EnsureInitialized(ref _refusals, () => new RefusalLog(Time, Logger));

    /// <summary>Keeps the node at what it can do.</summary>
    public OverloadGuard Overload => Volatile.Read(ref _overload) ?? LazyInitializer.EnsureInitialized(ref _overload, () => new OverloadGuard(this));

    /// <summary>Everybody who is connected.</summary>
    public OpenConnections Connections => LazyInitializer.EnsureInitialized(ref _connections, () => new OpenConnections(Time));

    /// <summary>Bounds how many sessions are brought at once.</summary>
    public ConnectPlaces ConnectPlaces => LazyInitializer.EnsureInitialized(ref _places, () => new ConnectPlaces(Options.ConnectsAtOnce, Time));

    public LogInterests LogInterests { get; } = new();

    public SharedSubscriptionRegistry Shared { get; }

    public CommitMonitor Monitor { get; set; } = null!;

    public Dispatcher Feed { get; set; } = null!;

    /// <summary>Where everything that the node stores goes.</summary>
    public IRecordAppender Appender { get; set; } = null!;

    /// <summary>Takes QoS 0 messages to other nodes; null on a single machine.</summary>
    public IDirectRelay? Relay => Backbone?.Relay;

    /// <summary>Commits the partitions that this process owns: on a single machine all, and it is the <see cref="Appender"/>.</summary>
    public GroupCommitter Committer { get; set; } = null!;

    /// <summary>Outputs touched while a group is delivered. Only for the delivery thread.</summary>
    public TouchedOutputs DeliveryTouched { get; } = new();

    /// <summary>Where a client that cannot stay here may go: what the operator says, else another node of the cluster; null for nowhere.</summary>
    public string? OtherEntrance() => Options.ServerReference ?? Backbone?.OtherEntrance();

    /// <summary>When clients that are sent away from here, and nowhere else, may come back.</summary>
    public RetrySlots RetrySlots => LazyInitializer.EnsureInitialized(ref _retrySlots, () => new RetrySlots(Options.ClientsMovedPerSecond, Time));

    /// <summary>Whether a record that a reader was to get lies below its product's floor. It is counted.</summary>
    public bool IsTrimmed(string product, in PublishRecord record)
    {
        if (record.ReceivedAtMilliseconds >= Floors.FloorOf(product))
        {
            return false;
        }

        CountUnread(LogGapReason.Trimmed, product, 1);
        return true;
    }

    /// <summary>A message was not sent because its subscriber accepts none so large.</summary>
    public void CountTooLarge(Session session)
    {
        Metrics.TooLargeForClient.Add(1);
        Refusals.Note("message", "larger than its subscriber accepts", $"to {session.ClientId} of {session.Product}.");
    }

    /// <summary>Records that a reader was to get are gone, or cannot be read.</summary>
    public void CountUnread(LogGapReason reason, string product, long count)
    {
        (reason == LogGapReason.Trimmed ? Metrics.TrimmedUnread : Metrics.DamagedUnread).Add(count);
        Refusals.Note("unread record", reason.ToString(), $"of {product}.", count);
    }

    public long NowMilliseconds => Time.GetUtcNow().ToUnixTimeMilliseconds();
}
