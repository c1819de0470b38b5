namespace Holdfast.Device.Connections;

/// <summary>Guards the state of connectivity and tells changes, each once and in order.</summary>
internal sealed class ConnectivityMonitor(Connectivity connectivity, Action<ConnectivityStatus> changed)
{
    private readonly Lock _lock = new();

    public ConnectivityStatus Status
    {
        get
        {
            lock (_lock)
            {
                return connectivity.Status;
            }
        }
    }

    public void Change(Action<Connectivity> change)
    {
        lock (_lock)
        {
            var before = connectivity.Status;
            change(connectivity);
            if (connectivity.Status != before)
            {
                changed(connectivity.Status);
            }
        }
    }
}
