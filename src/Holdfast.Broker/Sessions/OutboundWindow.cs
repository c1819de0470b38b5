using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Sessions;

/// <summary>Where a message stands on its way to a subscriber.</summary>
internal enum OutboundState : byte
{
    /// <summary>Finished; its place is given back when those before it are finished too.</summary>
    Done,

    /// <summary>QoS 2: the packet identifier is being committed. Not sent.</summary>
    Assigning,

    /// <summary>To be sent, or sent again.</summary>
    Ready,

    /// <summary>Sent; waiting for PUBACK or PUBREC.</summary>
    Sent,

    /// <summary>QoS 2: PUBREC has arrived and is being committed.</summary>
    Releasing,

    /// <summary>QoS 2: PUBREL was sent; waiting for PUBCOMP.</summary>
    Released,
}

/// <summary>Where a message comes from: the log as the session reads it, the retained messages, or a shared subscription.</summary>
internal readonly record struct DeliverySource(bool Retained, SharedSubscription? Share, uint Identifier = 0)
{
    public static DeliverySource Log => default;

    public static DeliverySource RetainedMessages => new(true, null);
}

/// <summary>A message on its way: a place in the log, not a copy.</summary>
internal struct OutboundMessage
{
    public long Offset;
    public ushort PacketId;
    public byte Partition;
    public QualityOfService QualityOfService;
    public OutboundState State;

    /// <summary>Sent because it was retained.</summary>
    public bool Retained;

    /// <summary>Of a retained message, the identifier of the subscription that asked for it [MQTT-3.3.4-3]; 0 for none.</summary>
    public uint Identifier;

    /// <summary>Sent before on an earlier connection: DUP is set [MQTT-3.3.1-1].</summary>
    public bool SentBefore;

    /// <summary>The RETAIN flag it is sent with.</summary>
    public bool RetainFlag;

    /// <summary>The shared subscription that it came by, or null.</summary>
    public SharedSubscription? Share;

    /// <summary>Whether it came from where the session itself reads; else it says nothing about the session's cursor.</summary>
    public readonly bool IsOwn => !Retained && Share is null;
}

/// <summary>
/// The messages of a session that are sent and not yet confirmed, in the order of their sending, bounded by the receive maximum. The lowest
/// of their offsets is what the session's cursor may not pass. Not thread-safe: the session's lock guards it.
/// </summary>
internal sealed class OutboundWindow
{
    private OutboundMessage[] _ring = [];
    private int _head;
    private int _used;
    private ushort _lastPacketId;

    /// <summary>Messages that are not finished.</summary>
    public int Count { get; private set; }

    /// <summary>The most that may be unfinished: the client's receive maximum, or ours.</summary>
    public int Limit { get; set; } = 1;

    /// <summary>No further message may be sent now [MQTT-3.3.4-9]. Finished ones in the middle count, so that memory stays bounded.</summary>
    public bool IsFull => _used >= Limit;

    /// <summary>
    /// Another message that waits here may be sent. A client that returns with a lower receive maximum than before finds more waiting than it
    /// may be sent at a time.
    /// </summary>
    public bool MaySendAnother => _used <= Limit || CountUnderWay() < Limit;

    /// <summary>The places in use, finished ones included, in order.</summary>
    public int Places => _used;

    /// <summary>The message at a place, 0 being the oldest.</summary>
    public ref OutboundMessage this[int place] => ref _ring[(_head + place) & (_ring.Length - 1)];

    /// <summary>Adds a message behind the others with the next free packet identifier.</summary>
    public ushort Add(int partition, long offset, QualityOfService qualityOfService, OutboundState state, DeliverySource source, bool retainFlag)
    {
        var packetId = NextPacketId();
        Append(new OutboundMessage
        {
            Offset = offset,
            PacketId = packetId,
            Partition = (byte)partition,
            QualityOfService = qualityOfService,
            State = state,
            Retained = source.Retained,
            Share = source.Share,
            Identifier = source.Identifier,
            RetainFlag = retainFlag,
        });
        return packetId;
    }

    /// <summary>Puts a message back that a checkpoint or a record remembers, with its packet identifier.</summary>
    public void Restore(OutboundMessage message)
    {
        var place = Find(message.PacketId);
        if (place >= 0)
        {
            Finish(place);
        }

        Append(message);
        _lastPacketId = message.PacketId;
    }

    /// <summary>The place of a packet identifier, or -1.</summary>
    public int Find(ushort packetId)
    {
        if (Count == 0)
        {
            return -1;
        }

        // Identifiers are given out in order, so the distance from the oldest is a good guess.
        var guess = (packetId - this[0].PacketId + ushort.MaxValue) % ushort.MaxValue;
        if (guess < _used && this[guess].PacketId == packetId && this[guess].State != OutboundState.Done)
        {
            return guess;
        }

        for (var place = 0; place < _used; place++)
        {
            if (this[place].PacketId == packetId && this[place].State != OutboundState.Done)
            {
                return place;
            }
        }

        return -1;
    }

    /// <summary>Marks the message at a place as finished.</summary>
    public void Finish(int place)
    {
        this[place].State = OutboundState.Done;
        Count--;
        while (_used > 0 && this[0].State == OutboundState.Done)
        {
            _head = (_head + 1) & (_ring.Length - 1);
            _used--;
        }

        if (_used == 0 && _ring.Length > 64)
        {
            _ring = [];
            _head = 0;
        }
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        _ring = [];
        _head = 0;
        _used = 0;
        Count = 0;
    }

    /// <summary>Whether retained messages are on their way that would be lost with the window: not confirmed at QoS 1, or not recorded at QoS 2.</summary>
    public bool HasUnconfirmedRetained()
    {
        for (var place = 0; place < _used; place++)
        {
            ref var message = ref this[place];
            if (message is { Retained: true, State: not OutboundState.Done }
                && (message.QualityOfService == QualityOfService.AtLeastOnce || message.State == OutboundState.Assigning))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Lowers each partition's position to the lowest offset that is not confirmed.</summary>
    public void LowerToUnconfirmed(long[] positions)
    {
        for (var place = 0; place < _used; place++)
        {
            ref var message = ref this[place];
            if (message is { State: not OutboundState.Done, IsOwn: true, QualityOfService: QualityOfService.AtLeastOnce or QualityOfService.ExactlyOnce }
                && message.Offset < positions[message.Partition])
            {
                positions[message.Partition] = message.Offset;
            }
        }
    }

    private int CountUnderWay()
    {
        var count = 0;
        for (var place = 0; place < _used; place++)
        {
            count += this[place].State is OutboundState.Sent or OutboundState.Releasing or OutboundState.Released ? 1 : 0;
        }

        return count;
    }

    private void Append(OutboundMessage message)
    {
        if (_used == _ring.Length)
        {
            var larger = new OutboundMessage[Math.Max(8, _ring.Length * 2)];
            for (var place = 0; place < _used; place++)
            {
                larger[place] = this[place];
            }

            _ring = larger;
            _head = 0;
        }

        _used++;
        this[_used - 1] = message;
        Count++;
    }

    private ushort NextPacketId()
    {
        do
        {
            _lastPacketId = _lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastPacketId + 1);
        }
        while (_used > 0 && IsInUse(_lastPacketId));
        return _lastPacketId;
    }

    private bool IsInUse(ushort packetId)
    {
        // The newest identifiers are the last places; only after a full turn of 65,535 can an old one be met again.
        var oldest = this[0].PacketId;
        var newest = this[_used - 1].PacketId;
        var inside = oldest <= newest ? packetId >= oldest && packetId <= newest : packetId >= oldest || packetId <= newest;
        return inside && Find(packetId) >= 0;
    }
}
