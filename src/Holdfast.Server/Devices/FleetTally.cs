using Holdfast.Device;
using Holdfast.Device.Connections;

namespace Holdfast.Server.Devices;

/// <summary>Counts what happens to a fleet. Thread-safe.</summary>
internal sealed class FleetTally
{
    private readonly Lock _lock = new();
    private FleetResult _result = new();

    /// <summary>The figures so far.</summary>
    public FleetResult Result
    {
        get
        {
            lock (_lock)
            {
                return _result;
            }
        }
    }

    public void AddPublished() => Change(r => r with { Published = r.Published + 1 });

    public void AddReboot() => Change(r => r with { Reboots = r.Reboots + 1 });

    public void AddState(ConnectivityState state) => Change(r => state switch
    {
        ConnectivityState.Degraded => r with { Degraded = r.Degraded + 1 },
        ConnectivityState.Offline => r with { Offline = r.Offline + 1 },
        _ => r,
    });

    public void AddTraffic(TrafficStatistics traffic) => Change(r => r with
    {
        Stored = r.Stored + traffic.EventsStored,
        Connections = r.Connections + traffic.Connections,
        BytesSent = r.BytesSent + traffic.BytesSent,
        BytesReceived = r.BytesReceived + traffic.BytesReceived,
    });

    public void AddEnd(long waiting, ulong dropped) => Change(r => r with { Waiting = r.Waiting + waiting, Dropped = r.Dropped + dropped });

    private void Change(Func<FleetResult, FleetResult> change)
    {
        lock (_lock)
        {
            _result = change(_result);
        }
    }
}

/// <summary>What became of a fleet.</summary>
internal sealed record FleetResult
{
    /// <summary>Simulated devices.</summary>
    public int Devices { get; init; }

    /// <summary>Gives the same simulation again.</summary>
    public int Seed { get; init; }

    /// <summary>Events that the outboxes took.</summary>
    public long Published { get; init; }

    /// <summary>Events that the cloud acknowledged; one whose acknowledgement was lost in a reboot counts twice.</summary>
    public long Stored { get; init; }

    /// <summary>Events that were still in the outboxes at the end.</summary>
    public long Waiting { get; init; }

    /// <summary>Events that were given up.</summary>
    public ulong Dropped { get; init; }

    /// <summary>Reboots.</summary>
    public long Reboots { get; init; }

    /// <summary>Connections that were accepted.</summary>
    public long Connections { get; init; }

    /// <summary>How often a device became degraded.</summary>
    public long Degraded { get; init; }

    /// <summary>How often a device became, or said again that it is, offline.</summary>
    public long Offline { get; init; }

    /// <summary>Bytes written to sockets.</summary>
    public long BytesSent { get; init; }

    /// <summary>Bytes read from sockets.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Bytes both ways for each stored event.</summary>
    public double BytesPerEvent => Stored == 0 ? 0 : Math.Round((double)(BytesSent + BytesReceived) / Stored, 1);
}
