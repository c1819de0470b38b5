using System.Collections.Concurrent;
using System.Net;
using Holdfast.Mqtt;
using Holdfast.Server.Drill.Clients;
using Holdfast.Server.Drill.Judging;
using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Drill;

/// <summary>The devices and back ends of a drill: publishers and persistent subscribers of both versions and qualities of service, and a webhook.</summary>
internal sealed class DrillLoad : IAsyncDisposable
{
    /// <summary>How long the clients wait for a connection, and for an answer, before they go elsewhere.</summary>
    public static readonly ClientPatience Patience = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));

    private static readonly TimeSpan SubscribeLimit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _stopPublishing = new();
    private readonly ConcurrentDictionary<string, long> _lastAcknowledged = new();
    private readonly ConcurrentQueue<(string Publisher, long Sequence)> _acknowledged = [];
    private readonly List<JournalingPublisher> _publishers = [];
    private readonly List<JournalingSubscriber> _subscribers = [];
    private readonly List<Task> _running = [];
    private readonly List<Task> _pacing = [];

    private DrillLoad(WebhookReceiver webhook) => Webhook = webhook;

    /// <summary>The webhook's receiver.</summary>
    public WebhookReceiver Webhook { get; }

    /// <summary>Ends when a client finds the server at fault with the protocol.</summary>
    public Task Broken => Task.WhenAny(_running).Unwrap();

    /// <summary>Makes the clients and connects the subscribers.</summary>
    /// <param name="options">How many.</param>
    /// <param name="nodes">Where to connect.</param>
    /// <param name="host">Where the webhook's receiver listens.</param>
    /// <param name="journal">Where they write.</param>
    public static async Task<DrillLoad> StartAsync(DrillOptions options, IReadOnlyList<IPEndPoint> nodes, IPAddress host, Journal journal)
    {
        var load = new DrillLoad(await WebhookReceiver.StartAsync(journal, host));
        var random = new Random(options.Seed);
        load.AddSubscriber("subscriber-qos1", ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce, Route(), journal);
        load.AddSubscriber("subscriber-qos2", ProtocolVersion.Mqtt5, QualityOfService.ExactlyOnce, Route(), journal);
        load.AddSubscriber("subscriber-qos2-old", ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce, Route(), journal);
        for (int index = 0; index < options.PublishersOfEachSort; index++)
        {
            load.AddPublisher($"qos1-{index}", ProtocolVersion.Mqtt5, QualityOfService.AtLeastOnce, Route(), journal, random);
            load.AddPublisher($"qos1-old-{index}", ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce, Route(), journal, random);
            load.AddPublisher($"qos2-{index}", ProtocolVersion.Mqtt5, QualityOfService.ExactlyOnce, Route(), journal, random);
            load.AddPublisher($"qos2-old-{index}", ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce, Route(), journal, random);
        }

        load._running.AddRange(load._subscribers.Select(client => Task.Run(() => client.RunAsync(load._stopping.Token))));
        return load;

        DeviceRoute Route() => new(nodes, random.Next(), TimeProvider.System);
    }

    /// <summary>Waits until the subscriptions are in force, and starts publishing.</summary>
    /// <param name="interval">How often each publisher publishes.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">A subscription was not granted in time.</exception>
    public async Task PublishAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_subscribers.Select(subscriber => subscriber.Subscribed)).WaitAsync(SubscribeLimit, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new LabException($"the nodes are ready, but not every subscription was granted within {SubscribeLimit.TotalSeconds:0} s");
        }

        _running.AddRange(_publishers.Select(client => Task.Run(() => client.RunAsync(_stopping.Token), CancellationToken.None)));
        _pacing.AddRange(_publishers.Select(client => client.PublishEachAsync(interval, _stopPublishing.Token)));
    }

    /// <summary>Whether every publisher got an acknowledgement after a moment.</summary>
    /// <param name="since">The moment, in microseconds since 1970.</param>
    public bool HasPublishedSince(long since) => _publishers.TrueForAll(publisher => _lastAcknowledged.GetValueOrDefault(publisher.Name) > since);

    /// <summary>The publishers without an acknowledgement after a moment.</summary>
    /// <param name="since">The moment, in microseconds since 1970.</param>
    public IReadOnlyList<string> SilentSince(long since)
        => [.. _publishers.Select(publisher => publisher.Name).Where(name => _lastAcknowledged.GetValueOrDefault(name) <= since)];

    /// <summary>Ends publishing, and waits until everything acknowledged has reached every consumer.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await _stopPublishing.CancelAsync();
        await Task.WhenAll(_pacing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_publishers.Select(publisher => publisher.DrainAsync())).WaitAsync(cancellationToken);
        IEnumerable<Deliveries> consumers = _subscribers.Select(subscriber => subscriber.Deliveries).Append(Webhook.Deliveries);
        await Task.WhenAll(consumers.Select(deliveries => deliveries.WaitForAsync(_acknowledged))).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopPublishing.CancelAsync();
        await _stopping.CancelAsync();
        await Task.WhenAll([.. _pacing, .. _running]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Webhook.DisposeAsync();
        _stopping.Dispose();
        _stopPublishing.Dispose();
    }

    private void AddPublisher(string name, ProtocolVersion version, QualityOfService qualityOfService, IRoute route, Journal journal, Random random)
    {
        bool hasStream = version == ProtocolVersion.Mqtt5 && qualityOfService == QualityOfService.AtLeastOnce;
        var publisher = new JournalingPublisher(name, version, qualityOfService, route, journal)
        {
            Patience = Patience,
            Stream = hasStream ? Convert.ToHexStringLower(BitConverter.GetBytes(random.NextInt64())) : null,
        };
        publisher.Acknowledged += message =>
        {
            _lastAcknowledged[message.Publisher] = Journal.Now;
            _acknowledged.Enqueue(message);
        };
        _publishers.Add(publisher);
    }

    private void AddSubscriber(string name, ProtocolVersion version, QualityOfService qualityOfService, IRoute route, Journal journal)
        => _subscribers.Add(new JournalingSubscriber(name, version, qualityOfService, route, journal) { Patience = Patience });
}
