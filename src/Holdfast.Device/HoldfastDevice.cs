using System.Threading.Channels;
using Holdfast.Device.Batches;
using Holdfast.Device.Commands;
using Holdfast.Device.Connections;
using Holdfast.Device.Dialing;
using Holdfast.Device.Fallback;
using Holdfast.Device.Outbox;
using Holdfast.Device.Receipts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Device;

/// <summary>A device: takes events into its outbox and sends them until the cloud has stored each one.</summary>
public sealed class HoldfastDevice : IAsyncDisposable
{
    private const int MaximumUntoldChanges = 64;

    private readonly DeviceOptions _options;
    private readonly EventOutbox _outbox;
    private readonly ConnectivityMonitor _monitor;
    private readonly TrafficCounter _traffic = new();
    private readonly CloudClock _clock;
    private readonly DeviceMetrics _metrics;
    private readonly CancellationTokenSource _ending = new();
    private readonly CloudSender _sender;
    private readonly Task _sending;

    // Of changes that nobody has read, the oldest are left out: the newest is what counts.
    private readonly Channel<ConnectivityStatus> _changes = Channel.CreateBounded<ConnectivityStatus>(
        new BoundedChannelOptions(MaximumUntoldChanges) { FullMode = BoundedChannelFullMode.DropOldest });

    private HoldfastDevice(DeviceOptions options, EventOutbox outbox, TimeProvider time, ILogger logger, ICloudConnector? connector)
    {
        (_options, _outbox, _clock) = (options, outbox, new CloudClock(time));
        _monitor = new ConnectivityMonitor(new Connectivity(options.AckDeadline, time), status => _changes.Writer.TryWrite(status));
        outbox.Undelivered = undelivered => Tell(undelivered, logger);
        var selector = new EndpointSelector(options.Endpoints, options.FirstBackOff, options.LongestBackOff, time, Random.Shared);
        var commands = new CommandDispatcher(options, logger, _ending.Token);
        var services = new SendingServices(options, outbox, selector, _monitor, new BatchGatherer(options), _traffic, time, logger);
        _sender = new CloudSender(services, connector ?? new MqttConnector(options, _traffic, _clock, [commands, new ReceiptReceiver(options, outbox)]));
        _metrics = new DeviceMetrics(this, options.DeviceId);
        var fallback = options.FallbackChannel is { } channel ? new FallbackSender(channel, services).RunAsync(_ending.Token) : Task.CompletedTask;
        _sending = Task.WhenAll(Task.Run(() => _sender.RunAsync(_ending.Token)), fallback);
    }

    /// <summary>Whether events reach the cloud, and why not.</summary>
    public ConnectivityStatus Connectivity => _monitor.Status;

    /// <summary>Whether the cloud that the device is connected to, or was last, tells when events are delivered; null before the first connection. Only Holdfast does. Without, events that wait for more than to be stored stay in the outbox.</summary>
    public bool? CloudGivesReceipts => _sender.GivesReceipts;

    /// <summary>Every change of <see cref="Connectivity"/>, for one reader.</summary>
    public IAsyncEnumerable<ConnectivityStatus> ConnectivityChanges => _changes.Reader.ReadAllAsync();

    /// <summary>What went over the wire since the start.</summary>
    public TrafficStatistics Traffic => _traffic.Statistics;

    /// <summary>The cloud's clock minus the device's, as of the last connection; null before the cloud has told its time. Only Holdfast tells it.</summary>
    public TimeSpan? ClockOffset => _clock.Offset;

    /// <summary>Opens the outbox and begins to send what waits in it.</summary>
    /// <param name="options">The device.</param>
    /// <param name="logger">Where attempts that failed are told.</param>
    /// <exception cref="ArgumentException">An option is wrong.</exception>
    /// <exception cref="IOException">The outbox cannot be opened.</exception>
    public static HoldfastDevice Start(DeviceOptions options, ILogger? logger = null)
    {
        options.Validate();
        return Start(options, EventOutbox.Open(options.Outbox, TimeProvider.System), TimeProvider.System, logger);
    }

    internal static HoldfastDevice Start(DeviceOptions options, EventOutbox outbox, TimeProvider time, ILogger? logger = null, ICloudConnector? connector = null)
        => new(options, outbox, time, logger ?? NullLogger.Instance, connector);

    /// <summary>Takes an event. When this ends, the event is flushed to the outbox and will be sent; with an outbox in memory, as long as the process lives.</summary>
    /// <param name="deviceEvent">The event.</param>
    /// <returns>Its identity, which the cloud stores with it.</returns>
    /// <exception cref="ArgumentException">The name is no topic, the event is too large for the outbox, or it waits for receipts that the device does not listen for.</exception>
    /// <exception cref="OutboxFullException">The outbox is full, and its policy refuses the event.</exception>
    /// <exception cref="OutboxWriteException">The disk did not take it.</exception>
    public Task<EventIdentity> PublishAsync(DeviceEvent deviceEvent)
    {
        var topic = $"devices/{_options.DeviceId}/events/{deviceEvent.Name}";
        if (deviceEvent.Name.Length == 0 || deviceEvent.Name.AsSpan().IndexOfAny("+#\0") >= 0 || topic.Length > 10_000 || deviceEvent.ContentType?.Length > 1_000)
        {
            throw new ArgumentException("An event's name is part of a topic: not empty, without + and #, and its topic and content type are short.", nameof(deviceEvent));
        }

        if (deviceEvent.Level != EventLevel.Stored && !_options.Receipts)
        {
            throw new ArgumentException($"An event waits for '{deviceEvent.Level}' only with {nameof(DeviceOptions)}.{nameof(DeviceOptions.Receipts)}: without, nobody would hear that it is.", nameof(deviceEvent));
        }

        return _outbox.AppendAsync(deviceEvent.Priority, topic, deviceEvent.ContentType ?? "", deviceEvent.Payload, deviceEvent.Level.Wish);
    }

    private void Tell(UndeliveredEvent undelivered, ILogger logger)
    {
        logger.LogWarning("The integration {Integration} will not deliver the event {Identity}.", undelivered.Integration, undelivered.Identity);
        try
        {
            _options.Undelivered?.Invoke(undelivered);
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "What is called with undelivered events failed.");
        }
    }

    internal long Waiting => _outbox.Waiting;

    /// <summary>What waits, and what became of events.</summary>
    public Task<OutboxStatistics> GetStatisticsAsync() => _outbox.GetStatisticsAsync();

    /// <summary>Ends when nothing waits any more, and <see cref="DeviceOptions.Undelivered"/> has been called for whatever will not be delivered.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task DrainAsync(CancellationToken cancellationToken = default) => _outbox.DrainAsync(cancellationToken);

    /// <summary>Leaves the cloud and closes the outbox. What waits is sent after the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        _metrics.Dispose();
        await _ending.CancelAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        await _outbox.DisposeAsync().ConfigureAwait(false);
        _changes.Writer.TryComplete();
        _ending.Dispose();
    }
}
