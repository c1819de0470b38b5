using System.Collections.Concurrent;
using Holdfast.Crash.Processes;
using Holdfast.Mqtt;

namespace Holdfast.Crash.Clients;

/// <summary>Mixed load: publishers and persistent subscribers of both protocol versions and both qualities of service, and a webhook.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<(string Publisher, long Sequence)> _acknowledged = [];
    private readonly AcknowledgementCounter _counter = new();
    private readonly List<JournalingPublisher> _publishers = [];
    private readonly List<JournalingSubscriber> _subscribers = [];
    private readonly List<Task> _running = [];
    private readonly Journal _journal;

    private Load(Journal journal, WebhookReceiver webhook)
    {
        _journal = journal;
        Webhook = webhook;
    }

    public ServerAddress Address { get; } = new();

    public WebhookReceiver Webhook { get; }

    /// <summary>Everything acknowledged so far, by all publishers.</summary>
    public IReadOnlyCollection<(string Publisher, long Sequence)> Acknowledged => _acknowledged;

    /// <summary>Makes and starts the clients, which connect when the address is announced.</summary>
    /// <param name="journal">Where they write.</param>
    /// <param name="publishersOfEachKind">For each quality of service.</param>
    /// <param name="seed">Of the subscriber that aborts its connection now and then; null for none.</param>
    public static async Task<Load> CreateAsync(Journal journal, int publishersOfEachKind, int? seed = null)
    {
        var load = new Load(journal, await WebhookReceiver.StartAsync(journal));
        for (var i = 0; i < publishersOfEachKind; i++)
        {
            load.AddPublisher($"p1-{i}", VersionOf(i), QualityOfService.AtLeastOnce);
            load.AddPublisher($"p2-{i}", VersionOf(i), QualityOfService.ExactlyOnce);
        }

        load.AddSubscriber("s1", ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce, null);
        load.AddSubscriber("s2", ProtocolVersion.Mqtt5, QualityOfService.ExactlyOnce, null);
        if (seed is { } aborts)
        {
            load.AddSubscriber("s2-aborting", ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce, new Random(aborts));
        }

        load.Run(load._subscribers);
        load.Run(load._publishers);
        return load;
    }

    /// <summary>Lets the clients connect for the first time, and waits until every consumer's subscription is in force.</summary>
    public async Task SubscribeAsync(ServerProcess server, string data, CancellationToken cancellationToken)
    {
        Address.Announce(server.MqttPort);
        await HttpSide.AddWebhookAsync(server, data, Webhook.Url, JournalingSubscriber.AllEvents, cancellationToken);
        Webhook.WriteSubscribed(JournalingSubscriber.AllEvents);
        await UntilAsync(Task.WhenAll(_subscribers.Select(subscriber => subscriber.Subscribed)), server, cancellationToken);
    }

    /// <summary>Has each publisher publish so many messages.</summary>
    public Task PublishAsync(int count) => Task.WhenAll(_publishers.Select(publisher => publisher.PublishAsync(count)));

    /// <summary>Ends when so many more messages were acknowledged.</summary>
    public Task AcknowledgementsAsync(int count) => _counter.WaitForAsync(count);

    /// <summary>Ends when the server has refused a CONNECT of each publisher.</summary>
    public Task<ReasonCode[]> RefusalsAsync() => Task.WhenAll(_publishers.Select(publisher => publisher.Refused));

    /// <summary>Ends publishing, and waits until all that was acknowledged has reached every consumer.</summary>
    public async Task DrainAsync()
    {
        await Task.WhenAll(_publishers.Select(publisher => publisher.DrainAsync()));
        var consumers = _subscribers.Select(subscriber => subscriber.Deliveries).Append(Webhook.Deliveries);
        await Task.WhenAll(consumers.Select(deliveries => deliveries.WaitForAsync(_acknowledged)));
    }

    /// <summary>Waits for something, as long as the server and every client run.</summary>
    public async Task UntilAsync(Task goal, ServerProcess server, CancellationToken cancellationToken)
    {
        var first = await Task.WhenAny([goal, server.Ended, .. _running]).WaitAsync(cancellationToken);
        if (first == server.Ended)
        {
            throw new InvalidOperationException($"The server ended.\n{server.Output}");
        }

        await first;
    }

    /// <summary>Waits until the server has handled every confirmation of the subscribers.</summary>
    public Task SettleAsync() => Task.WhenAll(_subscribers.Select(subscriber => subscriber.SettleAsync()));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running);
        await Webhook.DisposeAsync();
        _stopping.Dispose();
    }

    private static ProtocolVersion VersionOf(int index) => index % 2 == 0 ? ProtocolVersion.Mqtt311 : ProtocolVersion.Mqtt5;

    private void AddPublisher(string name, ProtocolVersion version, QualityOfService qualityOfService)
    {
        var publisher = new JournalingPublisher(name, version, qualityOfService, Address.Route(), _journal);
        publisher.Acknowledged += message =>
        {
            _acknowledged.Enqueue(message);
            _counter.Add();
        };
        _publishers.Add(publisher);
    }

    private void AddSubscriber(string name, ProtocolVersion version, QualityOfService qualityOfService, Random? aborts)
        => _subscribers.Add(new JournalingSubscriber(name, version, qualityOfService, Address.Route(), _journal) { Aborts = aborts });

    private void Run(IEnumerable<JournalingClient> clients) => _running.AddRange(clients.Select(client => Task.Run(() => client.RunAsync(_stopping.Token))));
}
