namespace Holdfast.Broker.Connections;

/// <summary>
/// Where a connection's packets go. Several threads write (the connection's own, the delivery thread, readers that catch up), so a write is
/// a critical section between <see cref="BeginWrite"/> and <see cref="EndWrite"/>; nothing is sent before <see cref="Flush"/>.
/// </summary>
public abstract class PacketOutput
{
    private int _touched;

    /// <summary>The peer does not take what was written before. What may wait, waits; see <see cref="WhenDrainedAsync"/>.</summary>
    public abstract bool IsClogged { get; }

    /// <summary>Bytes that were written since the last flush began.</summary>
    public abstract int UnflushedBytes { get; }

    /// <summary>Opens the critical section.</summary>
    /// <param name="size">The most bytes that will be written.</param>
    /// <returns>The place for them. Empty when the connection has ended: write nothing, and call <see cref="EndWrite"/> with 0.</returns>
    public abstract Span<byte> BeginWrite(int size);

    /// <summary>Ends the critical section.</summary>
    /// <param name="written">How much of the place was used.</param>
    public abstract void EndWrite(int written);

    /// <summary>Starts to send what was written. Never blocks.</summary>
    public void Flush()
    {
        Volatile.Write(ref _touched, 0);
        FlushCore();
    }

    /// <summary>Completes when the output is no longer clogged, or has ended.</summary>
    public abstract Task WhenDrainedAsync();

    /// <summary>Sends what was written, shuts the sending side down, and reads what the peer still sends until it ends or a time-out passes.</summary>
    public abstract void Close();

    /// <summary>Claims the next flush. The caller that gets true flushes; the others know that somebody will.</summary>
    public bool Touch() => Volatile.Read(ref _touched) == 0 && Interlocked.Exchange(ref _touched, 1) == 0;

    /// <summary>Implements <see cref="Flush"/>.</summary>
    protected abstract void FlushCore();
}
