using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Network;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Log.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>A node without devices: a log in memory, a clock that stands still, and integrations on top.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private readonly MeterListener _meters = new();
    private readonly SemaphoreSlim _measured = new(0);

    public Scene(IntegrationLimits? limits = null)
    {
        Log = new MemoryPartitionLog(timeProvider: Time);
        Feed = new TestFeed(Log.PartitionCount);
        Environment = new IntegrationEnvironment
        {
            Log = Log,
            Feed = Feed,
            Interest = Interest,
            Publisher = Publisher,
            Addresses = AddressPolicy.AllowAll,
            Store = Store,
            Logger = NullLogger.Instance,
            TimeProvider = Time,
            Limits = limits ?? IntegrationLimits.Default,
            Seed = 1,
        };
        Service = new IntegrationService(Environment);
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == IntegrationMetrics.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((_, _, _, _) => _measured.Release());
        _meters.Start();
    }

    public TestTime Time { get; } = new();

    public MemoryPartitionLog Log { get; }

    public TestFeed Feed { get; }

    public TestInterest Interest { get; } = new();

    public TestStore Store { get; } = new();

    public TestPublisher Publisher { get; } = new();

    public IntegrationEnvironment Environment { get; set; }

    public IntegrationService Service { get; private set; }

    /// <summary>From now on the integrations run in the changed <see cref="Environment"/>. Before the first is added.</summary>
    public void UseEnvironment() => Service = new IntegrationService(Environment);

    public async Task<IntegrationStatus> AddAsync(string url, string name = "hook", string filter = "#", string product = "p", string settings = "")
    {
        var result = await Service.AddAsync(Definition(url, name, filter, product, settings), Deadline.Token);
        Assert.Equal(("", IntegrationOutcome.Done), (result.Detail, result.Outcome));
        return result.Integration!;
    }

    /// <summary>A webhook with other settings, such as <c>"maxBatch":5</c>.</summary>
    public static IntegrationDefinition Definition(string url, string name = "hook", string filter = "#", string product = "p", string settings = "")
        => new(product, name, IntegrationDefinition.WebhookKind, filter, JsonElement.Parse($$"""{"url":{{JsonSerializer.Serialize(url)}}{{(settings.Length > 0 ? "," : "")}}{{settings}}}"""));

    public IntegrationStatus Status(string name = "hook") => Service.Find("p", name) ?? throw new InvalidOperationException("There is no such integration.");

    /// <summary>Waits until an integration's counts are as wanted.</summary>
    public async Task<IntegrationStatus> UntilAsync(Func<IntegrationStatus, bool> isReached, string name = "hook")
    {
        while (true)
        {
            var status = Status(name);
            if (isReached(status))
            {
                return status;
            }

            await _measured.WaitAsync(Deadline.Token);
        }
    }

    /// <summary>Waits until a failed event waits for its next attempt.</summary>
    /// <returns>How long it waits from now on.</returns>
    public async Task<TimeSpan> NextRetryAsync(string name = "hook")
    {
        while (true)
        {
            if (Status(name).NextAttemptAt - Time.GetUtcNow() is { } pause && pause > TimeSpan.Zero)
            {
                return pause;
            }

            await Time.NextWaitAsync();
        }
    }

    /// <summary>Appends a message in a batch of its own and announces it.</summary>
    public Task PublishAsync(string topic, string payload, string product = "p", DateTimeOffset? expiresAt = null, string contentType = "", string publisher = "tester")
        => PublishAsync([(topic, payload)], product, expiresAt, contentType, publisher);

    public async Task PublishAsync(
        IEnumerable<(string Topic, string Payload)> messages, string product = "p", DateTimeOffset? expiresAt = null, string contentType = "", string publisher = "tester")
    {
        foreach (var partition in await AppendAsync(messages, product, expiresAt, contentType, publisher))
        {
            Feed.Announce(partition, Log.CommittedOffset(partition));
        }
    }

    /// <summary>Appends messages, one batch for each partition, and announces nothing.</summary>
    public async Task<IReadOnlyList<int>> AppendAsync(
        IEnumerable<(string Topic, string Payload)> messages, string product = "p", DateTimeOffset? expiresAt = null, string contentType = "", string publisher = "tester")
    {
        byte[] properties = contentType.Length == 0 ? [] : [0x03, 0, (byte)contentType.Length, .. Encoding.UTF8.GetBytes(contentType)];
        var open = new SortedDictionary<int, OpenBatch>();
        var now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var (topic, payload) in messages)
        {
            var record = new PublishRecord
            {
                Product = Encoding.UTF8.GetBytes(product),
                Publisher = Encoding.UTF8.GetBytes(publisher),
                Topic = Encoding.UTF8.GetBytes(topic),
                Payload = Encoding.UTF8.GetBytes(payload),
                Properties = properties,
                ReceivedAtMilliseconds = now,
                ExpiresAtMilliseconds = expiresAt?.ToUnixTimeMilliseconds() ?? 0,
                KeyHash = KeyHash(topic, product),
            };
            var partition = Partitioning.PartitionOf(record.KeyHash, Log.PartitionCount);
            open.TryAdd(partition, new OpenBatch());
            record.WriteTo(open[partition].Reserve(record.Size, now));
        }

        var group = open.Select(entry => entry.Value.Seal(entry.Key, Log.CommittedOffset(entry.Key), epoch: 1)).ToArray();
        Assert.Equal(AppendStatus.Appended, await Log.AppendAsync(group));
        return [.. open.Keys];
    }

    public int PartitionOf(string topic, string product = "p") => Partitioning.PartitionOf(KeyHash(topic, product), Log.PartitionCount);

    /// <summary>A new process takes over what is on disk. The old one is stopped only if the test has done so.</summary>
    public async Task RestartAsync()
    {
        Service = new IntegrationService(Environment);
        await Service.StartAsync(Deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var product in new[] { "p", "q" })
        {
            foreach (var status in Service.List(product))
            {
                await Service.RemoveAsync(product, status.Definition.Name, Deadline.Token).AsTask().WaitAsync(Deadline.Token);
            }
        }

        await Service.DisposeAsync();
        _meters.Dispose();
        _measured.Dispose();
    }

    private static ulong KeyHash(string topic, string product)
        => Partitioning.KeyHash(Encoding.UTF8.GetBytes(product), Partitioning.KeyOf(Encoding.UTF8.GetBytes(topic)));
}
