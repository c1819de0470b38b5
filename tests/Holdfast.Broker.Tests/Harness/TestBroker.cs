using System.Text;
using Holdfast.Broker.Connections;
using Holdfast.Broker.Health;
using Holdfast.Broker.Publishing;
using Holdfast.Log.Partitions;
using Holdfast.Log.TestKit;
using Holdfast.Log.TestKit.State;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Broker.Tests.Harness;

/// <summary>A node on stores in memory, whose clients are in memory too. It can die and start again on the same stores.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private const int PartitionCount = 4;

    private readonly BrokerOptions _options;
    private readonly List<BrokerMetrics> _metrics = [];
    private readonly List<TestClient> _clients = [];
    private bool _isRunning;

    private TestBroker(BrokerOptions options)
    {
        _options = options;
        Log = new MemoryPartitionLog(PartitionCount, timeProvider: Time);
        Stores = new NodeStores(Log, State);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public MemoryPartitionLog Log { get; }

    public MemoryStateStore State { get; } = new(PartitionCount);

    public NodeStores Stores { get; private set; }

    /// <summary>The registry as it is stored. Other nodes may change it too.</summary>
    public MemoryIdentityStore Identities { get; } = new();

    public BrokerNode Node { get; private set; } = null!;

    public BrokerMetrics Metrics => _metrics[^1];

    /// <summary>Completes when the node has said that it must end.</summary>
    public TaskCompletionSource<Exception> Fatal { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<TestBroker> StartAsync(BrokerOptions? options = null)
    {
        var broker = new TestBroker(options ?? new BrokerOptions());
        await broker.StartNodeAsync();
        return broker;
    }

    /// <summary>A topic of a partition; another for each index.</summary>
    public static string TopicIn(int partition, int index = 0)
    {
        for (var number = 0; ; number++)
        {
            var topic = $"t/{partition}/{number}";
            var hash = Partitioning.KeyHash("default"u8, Partitioning.KeyOf(Encoding.UTF8.GetBytes(topic)));
            if (Partitioning.PartitionOf(hash, PartitionCount) == partition && index-- == 0)
            {
                return topic;
            }
        }
    }

    /// <summary>Connects a client that must be accepted.</summary>
    public async Task<TestClient> ConnectAsync(
        string clientId, uint expirySeconds = 3600, bool cleanStart = false, ProtocolVersion version = ProtocolVersion.Mqtt5, Func<ConnectPacket, ConnectPacket>? with = null)
    {
        if (Node.Health.State == CommitState.Stalled)
        {
            // Time that was advanced in one leap may have looked like a commit that does not return.
            await AdvanceUntilAsync(() => Node.Health.State == CommitState.Committing, "commits");
        }

        var client = Open(version);
        var packet = new ConnectPacket { Version = version, ClientId = clientId, CleanStart = cleanStart, SessionExpirySeconds = expirySeconds };
        var connAck = await client.ConnectAsync(with is null ? packet : with(packet));
        Assert.Equal(ReasonCode.Success, connAck.Reason);
        return client;
    }

    /// <summary>Opens a connection that has not sent anything.</summary>
    public TestClient Open(ProtocolVersion version = ProtocolVersion.Mqtt5, ConnectionInfo? info = null)
    {
        var output = new MemoryOutput(version);
        var client = new TestClient(Node, Node.Accept(output, info ?? new ConnectionInfo("test", AllowAnonymous: true)), output, version);
        _clients.Add(client);
        return client;
    }

    /// <summary>Publishes as the server itself; returns after the commit.</summary>
    public async Task PublishAsync(string topic, string payload, QualityOfService qualityOfService = QualityOfService.ExactlyOnce, bool retain = false)
    {
        var result = await Node.Publisher.PublishAsync(
            new EventToPublish
            {
                Product = "default",
                Topic = topic,
                Payload = Encoding.UTF8.GetBytes(payload),
                Publisher = "test",
                QualityOfService = qualityOfService,
                Retain = retain,
            },
            CancellationToken.None).AsTask().Within();
        Assert.Equal(PublishStatus.Committed, result.Status);
    }

    /// <summary>Writes checkpoints until one holds everything that had happened before the call.</summary>
    public async Task CheckpointAsync()
    {
        for (var count = 0; count < 2; count++)
        {
            var next = Stores.NextCheckpointAsync();
            await Limit.UntilAsync(
                () =>
                {
                    Time.Advance(_options.CheckpointInterval);
                    return next.IsCompleted;
                },
                "a checkpoint");
        }
    }

    /// <summary>Moves the clock in steps, so that everything that is due in between happens, until a state is reached.</summary>
    public Task AdvanceUntilAsync(Func<bool> condition, string what) => Limit.UntilAsync(
        () =>
        {
            Time.Advance(CommitMonitor.Interval);
            return condition();
        },
        what);

    /// <summary>The process dies and another one starts on what is stored.</summary>
    public async Task CrashAsync()
    {
        await Stores.DieAsync();
        await Node.DisposeAsync().AsTask().Within();
        await StartNodeAsync();
    }

    /// <summary>The process ends in order and another one starts.</summary>
    public async Task DrainAndRestartAsync()
    {
        await DrainAsync();
        await StartNodeAsync();
    }

    public async Task DrainAsync()
    {
        await Node.DrainAsync(() => Task.WhenAll(_clients.Select(client => client.LoseAsync()))).Within();
        await Node.DisposeAsync().AsTask().Within();
        _isRunning = false;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isRunning)
        {
            await Stores.DieAsync();
            await Node.DisposeAsync().AsTask().Within();
        }

        _metrics.ForEach(metrics => metrics.Dispose());
    }

    private async Task StartNodeAsync()
    {
        _clients.Clear();
        _isRunning = true;
        _metrics.Add(new BrokerMetrics());
        Stores = new NodeStores(Log, State);
        var fatal = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        Fatal = fatal;
        Node = await BrokerNode.StartAsync(
            _options,
            new BrokerStores(Stores, Stores, Stores, RetentionPolicy.Default, Identities: Identities),
            Metrics,
            Time,
            NullLogger.Instance,
            exception => fatal.TrySetResult(exception),
            CancellationToken.None).Within();
    }
}
