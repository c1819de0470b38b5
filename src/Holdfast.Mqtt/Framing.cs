namespace Holdfast.Mqtt;

/// <summary>What stands in front of a packet's body.</summary>
/// <param name="Type">The packet type.</param>
/// <param name="Flags">The low four bits of the first byte.</param>
/// <param name="HeaderLength">Bytes of the fixed header, 2 to 5.</param>
/// <param name="BodyLength">Bytes that follow the fixed header.</param>
public readonly record struct FrameHeader(PacketType Type, byte Flags, int HeaderLength, int BodyLength)
{
    /// <summary>Bytes of the whole packet.</summary>
    public int Length => HeaderLength + BodyLength;
}

/// <summary>The outcome of reading a fixed header.</summary>
public enum FrameStatus
{
    /// <summary>The fixed header was read. The body may still be incomplete.</summary>
    Complete,

    /// <summary>More bytes are needed to know.</summary>
    Incomplete,

    /// <summary>The packet type is 0, or the remaining length has more than four bytes or more than it needs [MQTT-1.5.5-1].</summary>
    Malformed,

    /// <summary>The packet is larger than allowed. Known from the fixed header alone.</summary>
    TooLarge,
}
