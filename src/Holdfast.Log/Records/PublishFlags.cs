namespace Holdfast.Log.Records;

/// <summary>The flags of a <see cref="RecordKind.Publish"/> record. The values are stored.</summary>
[Flags]
public enum PublishFlags : byte
{
    /// <summary>Nothing set: QoS 0.</summary>
    None = 0,

    /// <summary>The two bits of the publisher's quality of service (0, 1 or 2).</summary>
    QualityOfServiceMask = 0b0000_0011,

    /// <summary>The publisher asked to retain the message. An empty payload then clears the topic.</summary>
    Retain = 0b0000_0100,

    /// <summary>A retransmission without a sequence, or a sequence outside the window: possibly stored before, kept rather than lost.</summary>
    PossibleDuplicate = 0b0000_1000,

    /// <summary>The message expires.</summary>
    HasExpiry = 0b0001_0000,

    /// <summary>The record is a QoS 2 receipt: session and packet identifier follow.</summary>
    HasReceipt = 0b0010_0000,

    /// <summary>The publisher gave a stream and a sequence.</summary>
    HasSequence = 0b0100_0000,

    /// <summary>MQTT 5 properties follow.</summary>
    HasProperties = 0b1000_0000,
}
