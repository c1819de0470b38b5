namespace Holdfast.Broker.Connections;

/// <summary>
/// What a connection has heard of its client. Only whole packets count: bytes that never become one would keep a connection alive for ever. Written by the thread that reads the connection, read now and then by
/// another; a value that is a moment old does no harm.
/// </summary>
internal sealed class InboundProgress(TimeProvider time)
{
    private readonly long _begin = time.GetTimestamp();
    private long _heardAt = time.GetTimestamp();
    private long _insideSince;
    private bool _sawPacket;
    private bool _isInside;
    private bool _isHeld;

    /// <summary>The client is not read, because of us. It is not silent meanwhile.</summary>
    public bool IsHeld
    {
        get => Volatile.Read(ref _isHeld);
        set
        {
            if (_isHeld && !value)
            {
                Volatile.Write(ref _heardAt, time.GetTimestamp());
            }

            Volatile.Write(ref _isHeld, value);
        }
    }

    /// <summary>The time since the connection began.</summary>
    public TimeSpan Age => time.GetElapsedTime(_begin);

    /// <summary>How long ago the packet began that is not complete; zero when there is none.</summary>
    public TimeSpan PacketAge => Volatile.Read(ref _isInside) && !IsHeld ? time.GetElapsedTime(Volatile.Read(ref _insideSince)) : TimeSpan.Zero;

    /// <summary>A whole packet has arrived.</summary>
    public void OnPacket()
    {
        if (!_sawPacket)
        {
            // One look at the clock is enough for all packets of a read.
            _sawPacket = true;
            Volatile.Write(ref _heardAt, time.GetTimestamp());
        }

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
        _sawPacket = false;
    }

    /// <summary>How long the client has been silent.</summary>
    public TimeSpan Silence() => IsHeld ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _heardAt));
}
