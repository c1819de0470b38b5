using System.Text;
using Holdfast.Broker;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Publishing;
using Holdfast.Log.Partitions;
using Holdfast.Log.TestKit;
using Holdfast.Log.TestKit.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Api.Tests.Support;

/// <summary>A broker over a log in memory, and the API in front of both. The API has a clock of its own, which tests move.</summary>
internal sealed class ReadingScene : IAsyncDisposable
{
    public const string Path = "/api/v1/products/default/events";
    private const int PartitionCount = 4;

    private readonly BrokerMetrics _metrics = new();
    private readonly SteppedClock _received = new();
    private BrokerNode _node = null!;

    public MemoryPartitionLog Log { get; private init; } = new(PartitionCount);

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddYears(60));

    public ApiHost Host { get; private set; } = null!;

    public InterestRecorder Interests { get; private set; } = null!;

    public ICommitFeed Feed => _node.Feed;

    public IEventPublisher Publisher => _node.Publisher;

    public static async Task<ReadingScene> StartAsync(
        Func<ApiOptions, ApiOptions>? configure = null, string incarnation = "memory", Action<ReadingScene, IServiceCollection>? addServices = null)
    {
        var scene = new ReadingScene { Log = new MemoryPartitionLog(PartitionCount, incarnation) };
        var state = new MemoryStateStore(PartitionCount);
        var stores = new BrokerStores(scene.Log, state, state, RetentionPolicy.Default);
        scene._node = await BrokerNode.StartAsync(
            new BrokerOptions(), stores, scene._metrics, scene._received, NullLogger.Instance, _ => { }, TestContext.Current.CancellationToken);
        scene.Interests = new InterestRecorder(scene._node.LogInterests);
        scene.Host = await ApiHost.StartAsync(configure, services =>
        {
            services.AddSingleton<IPartitionLog>(scene.Log);
            services.AddSingleton(scene._node.Publisher);
            services.AddSingleton(scene._node.Feed);
            services.AddSingleton<ILogInterest>(scene.Interests);
            services.AddSingleton<TimeProvider>(scene.Time);
            addServices?.Invoke(scene, services);
        });
        return scene;
    }

    /// <summary>Publishes; when it returns the event is announced to readers.</summary>
    /// <returns>The event's id.</returns>
    public async Task<string> PublishAsync(string topic, string payload, string product = "default", uint? expirySeconds = null, string? contentType = null)
    {
        var message = new EventToPublish
        {
            Product = product,
            Topic = topic,
            Payload = Encoding.UTF8.GetBytes(payload),
            Publisher = "test",
            ExpirySeconds = expirySeconds,
            ContentType = contentType,
        };
        _received.Step();
        var result = await _node.Publisher.PublishAsync(message, TestContext.Current.CancellationToken);
        Assert.Equal(PublishStatus.Committed, result.Status);
        await AnnouncedAsync();
        return result.EventId!;
    }

    /// <summary>Publishes many, over all partitions; their payloads are the numbers from 0 on.</summary>
    public async Task PublishManyAsync(int count, int devices = 12, int first = 0)
    {
        for (var number = first; number < first + count; number++)
        {
            await PublishAsync($"devices/d{number % devices}/events/e", $"{number}");
        }
    }

    public Task<Answer> GetAsync(string query) => Host.SendAsync(HttpMethod.Get, Path + query);

    /// <summary>Opens an event stream, and reads its first position.</summary>
    public async Task<EventStream> OpenAsync(string query = "", string? lastEventId = null)
    {
        var stream = await EventStream.OpenAsync(Host.Client, new Uri(Host.Client.BaseAddress!, Path + query), lastEventId);
        Assert.Equal(200, stream.Status);
        return stream;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _node.DrainAsync(() => Task.CompletedTask);
        await _node.DisposeAsync();
        _metrics.Dispose();
    }

    /// <summary>The acknowledgement comes a moment before the announcement.</summary>
    private async Task AnnouncedAsync()
    {
        for (var partition = 0; partition < PartitionCount; partition++)
        {
            var positions = Enumerable.Repeat(long.MaxValue, PartitionCount).ToArray();
            positions[partition] = Log.CommittedOffset(partition) - 1;
            await Feed.WaitAsync(positions, TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>The system's clock, but each event is received a second after the one before.</summary>
internal sealed class SteppedClock : TimeProvider
{
    private long _seconds;

    public void Step() => Interlocked.Increment(ref _seconds);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddSeconds(Interlocked.Read(ref _seconds));
}

/// <summary>Remembers what was to be logged, besides passing it on.</summary>
internal sealed class InterestRecorder(ILogInterest inner) : ILogInterest
{
    public List<string> Open { get; } = [];

    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IDisposable Add(string product, string filter)
    {
        var text = $"{product} {filter}";
        lock (Open)
        {
            Open.Add(text);
        }

        return new Registration(this, text, inner.Add(product, filter));
    }

    private sealed class Registration(InterestRecorder owner, string text, IDisposable registration) : IDisposable
    {
        public void Dispose()
        {
            registration.Dispose();
            lock (owner.Open)
            {
                owner.Open.Remove(text);
            }

            owner.Ended.TrySetResult();
        }
    }
}
