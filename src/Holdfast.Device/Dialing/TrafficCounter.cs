namespace Holdfast.Device.Dialing;

/// <summary>Counts what a device has sent, received and brought home since its start. Thread-safe.</summary>
internal sealed class TrafficCounter
{
    private long _bytesSent;
    private long _bytesReceived;
    private long _events;
    private long _publishes;
    private long _connections;

    public TrafficStatistics Statistics => new(
        Interlocked.Read(ref _bytesSent), Interlocked.Read(ref _bytesReceived), Interlocked.Read(ref _events), Interlocked.Read(ref _publishes),
        Interlocked.Read(ref _connections));

    public void AddSent(int bytes) => Interlocked.Add(ref _bytesSent, bytes);

    public void AddReceived(int bytes) => Interlocked.Add(ref _bytesReceived, bytes);

    /// <summary>A publish with so many events was acknowledged.</summary>
    public void AddStored(int events)
    {
        Interlocked.Add(ref _events, events);
        Interlocked.Increment(ref _publishes);
    }

    public void AddConnection() => Interlocked.Increment(ref _connections);
}
