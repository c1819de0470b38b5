using Holdfast.Broker.Connections;
using Holdfast.Log.Records;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// Who receives records of the log as MQTT messages: a session, or the members of a shared subscription. It is a cursor, not a queue: live, when
/// committed records are pushed to it, or behind, when a reader takes it through the log from its own positions. <see cref="Lock"/> guards
/// everything; it is taken inside the dispatcher's gate and outside the output's critical section.
/// </summary>
internal abstract class LogSubscriber(byte[] productUtf8)
{
    private TaskCompletionSource? _wake;

    public Lock Lock { get; } = new();

    public byte[] ProductUtf8 { get; } = productUtf8;

    public SessionMode Mode { get; protected set; } = SessionMode.Detached;

    /// <summary>The next offset of each partition to read; only while detached or behind.</summary>
    public long[]? Positions { get; set; }

    /// <summary>The key hashes of everything that it can want; null when only a scan finds it. The caller holds <see cref="Lock"/>.</summary>
    public abstract IReadOnlySet<ulong>? Keys { get; }

    /// <summary>Whether it reads a partition; the positions of others mean nothing. The caller holds <see cref="Lock"/>.</summary>
    public virtual bool Reads(int partition) => true;

    /// <summary>A QoS 0 message straight from its publisher. It is dropped, and counted, when nobody reads.</summary>
    public abstract void DeliverDirect(in PublishPacket packet, scoped ReadOnlySpan<byte> publisher, in DeliveryTerms terms, TouchedOutputs touched);

    /// <summary>Sends a record that a reader has found, if it is wanted. The caller holds <see cref="Lock"/>.</summary>
    public abstract SendResult TrySendRead(in RecordView view, in PublishRecord record, TouchedOutputs touched);

    /// <summary>The dispatcher pushes a committed record. A subscriber that cannot take it falls back to reading the log from here.</summary>
    public void DeliverLive(in RecordView view, in PublishRecord record, in DeliveryTerms terms, long[] dispatched, TouchedOutputs touched)
    {
        // A subscriber becomes live inside the gate, which the caller holds; so if it is not now, it will not be before the next group.
        if (Mode != SessionMode.Live)
        {
            return;
        }

        lock (Lock)
        {
            if (Mode == SessionMode.Live && TrySendLive(view, record, terms, touched) == SendResult.Blocked)
            {
                FallBehind(dispatched);
                Positions![view.Partition] = view.Offset;
            }
        }
    }

    /// <summary>Makes it live. The caller holds the dispatcher's gate and <see cref="Lock"/>, and has read up to the dispatcher's positions.</summary>
    public void BecomeLive()
    {
        Mode = SessionMode.Live;
        Positions = null;
    }

    /// <summary>Completes when something changed that may let the reader go on. The caller holds <see cref="Lock"/>.</summary>
    public Task WhenWokenAsync()
        => (Volatile.Read(ref _wake) ?? SetWake()).Task;

    /// <summary>Lets the reader look again. Any thread, with or without locks.</summary>
    public virtual void Wake() => Interlocked.Exchange(ref _wake, null)?.TrySetResult();

    /// <summary>Starts reading from the dispatcher's positions. The caller holds the dispatcher's gate, or is on the delivery thread, and holds <see cref="Lock"/>.</summary>
    protected void FallBehind(long[] dispatched)
    {
        Positions = [.. dispatched];
        Mode = SessionMode.Behind;
        StartReader();
    }

    /// <summary>Sends a record that was just committed.</summary>
    protected abstract SendResult TrySendLive(in RecordView view, in PublishRecord record, in DeliveryTerms terms, TouchedOutputs touched);

    /// <summary>Starts a reader for a subscriber that has just become behind. The caller holds <see cref="Lock"/>.</summary>
    protected abstract void StartReader();

    private TaskCompletionSource SetWake()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _wake, source, null) ?? source;
    }
}
