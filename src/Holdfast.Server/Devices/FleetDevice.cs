using System.Text;
using Holdfast.Device;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;

namespace Holdfast.Server.Devices;

/// <summary>One simulated device: publishes, reboots, and goes on with what its outbox keeps.</summary>
internal sealed class FleetDevice : IAsyncDisposable
{
    private readonly FleetOptions _options;
    private readonly FleetTally _tally;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly DeviceOptions _device;
    private HoldfastDevice _running;
    private Task _listening;
    private int _links;

    public FleetDevice(FleetOptions options, int index, FleetTally tally, TimeProvider time)
    {
        (_options, _tally, _time, _random) = (options, tally, time, new Random(HashCode(options.Seed, index)));
        _device = options.Device with
        {
            DeviceId = $"{options.Device.DeviceId}-{index}",
            Outbox = options.Device.Outbox with { Memory = new OutboxMemory() },
            LinkFilter = Link,
        };
        (_running, _listening) = Boot();
    }

    /// <summary>Publishes until it is told to end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan? untilReboot = _options.RebootEvery is { } mean ? Pause(mean) : null;
        try
        {
            while (true)
            {
                TimeSpan pause = Pause(_options.Profile.Interval);
                if (untilReboot <= pause)
                {
                    await Task.Delay(untilReboot.Value, _time, cancellationToken);
                    await RebootAsync();
                    untilReboot = Pause(_options.RebootEvery!.Value);
                    continue;
                }

                untilReboot -= pause;
                await Task.Delay(pause, _time, cancellationToken);
                await PublishAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The simulation's time is over.
        }
    }

    /// <summary>Ends when nothing waits any more.</summary>
    public Task DrainAsync(CancellationToken cancellationToken) => _running.DrainAsync(cancellationToken);

    /// <summary>Counts what is left, and ends the device.</summary>
    public async ValueTask DisposeAsync()
    {
        OutboxStatistics outbox = await _running.GetStatisticsAsync();
        _tally.AddEnd(outbox.Waiting, outbox.Dropped);
        await EndAsync();
    }

    /// <summary>The same for the same seed, on every machine and in every run.</summary>
    private static int HashCode(int seed, int index) => unchecked((seed * 1_000_003) ^ (index * 7919));

    private async Task PublishAsync()
    {
        for (int i = 0; i < _options.Profile.Burst; i++)
        {
            byte[] payload = Encoding.ASCII.GetBytes($"{_random.Next(1_000_000)}".PadRight(_options.Profile.PayloadBytes, '.'));
            await _running.PublishAsync(new DeviceEvent(_options.Profile.Name, payload) { Priority = _options.Profile.Priority });
            _tally.AddPublished();
        }
    }

    private (HoldfastDevice Device, Task Listening) Boot()
    {
        var device = HoldfastDevice.Start(_device);
        return (device, ListenAsync(device));
    }

    private async Task RebootAsync()
    {
        await EndAsync();
        _tally.AddReboot();
        (_running, _listening) = Boot();
    }

    private async Task EndAsync()
    {
        await _running.DisposeAsync();
        await _listening;
        _tally.AddTraffic(_running.Traffic);
    }

    private async Task ListenAsync(HoldfastDevice device)
    {
        await foreach (ConnectivityStatus status in device.ConnectivityChanges)
        {
            _tally.AddState(status.State);
        }
    }

    private Stream Link(Stream inner)
        => _options.Link == LinkQuality.All["perfect"] ? inner : new SimulatedLink(inner, _options.Link, HashCode(_random.Next(), Interlocked.Increment(ref _links)), _time);

    private TimeSpan Pause(TimeSpan mean) => mean * -Math.Log(1 - _random.NextDouble());
}
