using System.Buffers;

namespace Holdfast.Device.Outbox;

/// <summary>What was appended to a lane and not yet flushed. Not thread-safe.</summary>
internal sealed class LaneWriter(int segmentBytes)
{
    private readonly ArrayBufferWriter<byte> _pending = new();

    /// <summary>The last sequence that was given out.</summary>
    public ulong LastSequence { get; set; }

    /// <summary>Bytes that wait for a flush.</summary>
    public int PendingBytes => _pending.WrittenCount;

    /// <summary>Events that wait for a flush.</summary>
    public int PendingEvents { get; private set; }

    /// <summary>Bytes written.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Groups written and flushed.</summary>
    public long Flushes { get; private set; }

    /// <summary>A write failed, and nobody knows what of it is on the disk: its numbers must not be used again.</summary>
    public bool NeedsNewStream { get; set; }

    public bool IsFull(Segment newest) => newest.Length + PendingBytes >= segmentBytes;

    public ulong Add(string topic, string contentType, ReadOnlySpan<byte> payload, long createdAt, string receipt)
    {
        var size = Frame.EventSize(topic, contentType, payload.Length, receipt);
        Frame.WriteEvent(_pending.GetSpan(size)[..size], LastSequence + 1, createdAt, topic, contentType, payload, receipt);
        _pending.Advance(size);
        PendingEvents++;
        return ++LastSequence;
    }

    /// <summary>Writes and flushes the events and the lane's position.</summary>
    public void Write(Segment newest, ulong confirmed, ulong dropped)
    {
        try
        {
            Frame.WritePosition(_pending.GetSpan(Frame.PositionSize)[..Frame.PositionSize], confirmed, dropped);
            _pending.Advance(Frame.PositionSize);
            newest.Append(_pending.WrittenSpan, LastSequence);
            BytesWritten += _pending.WrittenCount;
            Flushes++;
        }
        catch
        {
            NeedsNewStream = true;
            throw;
        }
        finally
        {
            _pending.ResetWrittenCount();
            PendingEvents = 0;
        }
    }
}
