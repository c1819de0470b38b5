namespace Holdfast.Log.Records;

/// <summary>What a record says. The values are stored; they are never reused.</summary>
public enum RecordKind : byte
{
    /// <summary>A message: an event, a command, a retained publish.</summary>
    Publish = 1,

    /// <summary>A publisher's QoS 2 packet identifier was released (PUBREL). See <see cref="SessionRecord"/>.</summary>
    ReceiptReleased = 2,

    /// <summary>A message was given a packet identifier towards a QoS 2 subscriber. See <see cref="SessionRecord"/>.</summary>
    DeliveryAssigned = 3,

    /// <summary>A QoS 2 subscriber has received the message (PUBREC). See <see cref="SessionRecord"/>.</summary>
    DeliveryReceived = 4,

    /// <summary>A QoS 2 subscriber has completed the exchange (PUBCOMP). See <see cref="SessionRecord"/>.</summary>
    DeliveryCompleted = 5,

    /// <summary>Nothing but the proof that a commit is possible now.</summary>
    Probe = 6,

    /// <summary>The records before it, of the same batch, are a request of another node: <see cref="SessionRecord.Session"/> names the node, <see cref="SessionRecord.MessageOffset"/> is its number.</summary>
    Forwarded = 7,
}
