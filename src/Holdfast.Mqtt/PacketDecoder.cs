using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

/// <summary>Bytes to packets, for both sides of a connection. Every malformed form is refused with its reason; nothing here throws.</summary>
public static partial class PacketDecoder
{
    /// <summary>Reads a fixed header.</summary>
    /// <param name="bytes">The first bytes of a packet; five always suffice.</param>
    /// <param name="maximumPacketSize">The largest whole packet allowed, in bytes.</param>
    /// <param name="header">The header, when complete.</param>
    public static FrameStatus TryReadHeader(ReadOnlySpan<byte> bytes, uint maximumPacketSize, out FrameHeader header)
    {
        header = default;
        if (bytes.IsEmpty)
        {
            return FrameStatus.Incomplete;
        }

        var first = bytes[0];
        if (first < (byte)PacketType.Connect << 4)
        {
            return FrameStatus.Malformed;
        }

        var status = VariableByteInteger.Read(bytes[1..], out var bodyLength, out var size);
        if (status != FrameStatus.Complete)
        {
            return status;
        }

        if (1u + (uint)size + bodyLength > maximumPacketSize)
        {
            return FrameStatus.TooLarge;
        }

        header = new FrameHeader((PacketType)(first >> 4), (byte)(first & 0x0F), 1 + size, (int)bodyLength);
        return FrameStatus.Complete;
    }

    /// <summary>Decodes the body of a PINGREQ or PINGRESP.</summary>
    public static bool TryDecodePing(byte flags, ReadOnlySpan<byte> body, out DecodeError error)
    {
        var reader = new PacketReader(body);
        var valid = TryReadFlags(ref reader, flags, 0) && reader.TryReadEnd();
        error = reader.Error;
        return valid;
    }

    /// <summary>Makes sure that the flags of the fixed header are the ones that the packet type prescribes [MQTT-2.1.3-1].</summary>
    private static bool TryReadFlags(ref PacketReader reader, byte flags, byte expected)
        => flags == expected || reader.Refuse(DecodeError.Malformed("The flags of the fixed header are wrong.", "MQTT-2.1.3-1"));
}
