namespace Holdfast.Broker.Connections;

/// <summary>
/// What a connection has heard of its client. Only whole packets count: bytes that never become one would keep a connection alive for ever. Written by the thread that reads the connection, read once a second by
/// another; a value that is one second old does no harm.
/// </summary>
internal sealed class InboundProgress(TimeProvider time)
{
    private readonly long _begin = time.GetTimestamp();
    private long _silentSince = time.GetTimestamp();
    private long _insideSince;
    private bool _sawPacket = true;
    private bool _isInside;

    /// <summary>The client is not read, because of us. It is not silent meanwhile.</summary>
    public bool IsHeld { get; set; }

    /// <summary>The time since the connection began.</summary>
    public TimeSpan Age => time.GetElapsedTime(_begin);

    /// <summary>How long ago the packet began that is not complete; zero when there is none.</summary>
    public TimeSpan PacketAge => Volatile.Read(ref _isInside) && !IsHeld ? time.GetElapsedTime(Volatile.Read(ref _insideSince)) : TimeSpan.Zero;

    /// <summary>A whole packet has arrived.</summary>
    public void OnPacket()
    {
        _sawPacket = true;
        _isInside = false;
        IsHeld = false;
    }

    /// <summary>A read was handled.</summary>
    /// <param name="isInsidePacket">Whether it has ended in the middle of a packet.</param>
    public void OnRead(bool isInsidePacket)
    {
        if (isInsidePacket && !_isInside)
        {
            Volatile.Write(ref _insideSince, time.GetTimestamp());
        }

        Volatile.Write(ref _isInside, isInsidePacket);
    }

    /// <summary>How long the client has been silent. Called about once a second.</summary>
    public TimeSpan Silence()
    {
        var now = time.GetTimestamp();
        if (_sawPacket || IsHeld)
        {
            _sawPacket = false;
            _silentSince = now;
            return TimeSpan.Zero;
        }

        return time.GetElapsedTime(_silentSince, now);
    }
}
