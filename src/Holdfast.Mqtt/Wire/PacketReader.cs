using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Holdfast.Mqtt.Wire;

/// <summary>Takes fields off the front of a packet's body. A method that returns false has set <see cref="Error"/>.</summary>
internal ref struct PacketReader(ReadOnlySpan<byte> body)
{
    /// <summary>What has not been read.</summary>
    public ReadOnlySpan<byte> Rest { get; private set; } = body;

    /// <summary>Why the last method returned false.</summary>
    public DecodeError Error { get; private set; }

    /// <summary>Sets <see cref="Error"/>.</summary>
    /// <returns>False, for the caller to return.</returns>
    public bool Refuse(DecodeError error)
    {
        Error = error;
        return false;
    }

    public bool TryReadByte(out byte value)
    {
        if (Rest.IsEmpty)
        {
            value = 0;
            return RefuseTruncated();
        }

        value = Rest[0];
        Rest = Rest[1..];
        return true;
    }

    public bool TryReadUInt16(out ushort value)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(Rest, out value))
        {
            return RefuseTruncated();
        }

        Rest = Rest[2..];
        return true;
    }

    public bool TryReadUInt32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(Rest, out value))
        {
            return RefuseTruncated();
        }

        Rest = Rest[4..];
        return true;
    }

    public bool TryReadVariableByteInteger(out uint value)
    {
        switch (VariableByteInteger.Read(Rest, out value, out var length))
        {
            case FrameStatus.Complete:
                Rest = Rest[length..];
                return true;
            case FrameStatus.Incomplete:
                return RefuseTruncated();
            default:
                return Refuse(DecodeError.Malformed("A Variable Byte Integer is longer than its value needs.", "MQTT-1.5.5-1"));
        }
    }

    public bool TryReadBytes(int length, out ReadOnlySpan<byte> bytes)
    {
        if (Rest.Length < length)
        {
            bytes = default;
            return RefuseTruncated();
        }

        bytes = Rest[..length];
        Rest = Rest[length..];
        return true;
    }

    /// <summary>Reads Binary Data: a two-byte length and the bytes.</summary>
    public bool TryReadBinary(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return TryReadUInt16(out var length) && TryReadBytes(length, out bytes);
    }

    /// <summary>Reads a UTF-8 Encoded String and validates it.</summary>
    public bool TryReadString([NotNullWhen(true)] out string? text)
    {
        text = null;
        if (!TryReadBinary(out var bytes))
        {
            return false;
        }

        if (!Utf8Text.TryValidate(bytes, out var error))
        {
            return Refuse(error);
        }

        text = Encoding.UTF8.GetString(bytes);
        return true;
    }

    /// <summary>Reads a packet identifier, which is never 0.</summary>
    public bool TryReadPacketId(out ushort packetId)
        => TryReadUInt16(out packetId)
            && (packetId != 0 || Refuse(DecodeError.Protocol("The packet identifier is 0.", "MQTT-2.2.1-3")));

    /// <summary>Reads the length of the properties and hands them out, still to be read.</summary>
    public bool TryReadProperties(PropertySet allowed, out PropertyReader properties)
    {
        properties = default;
        if (!TryReadVariableByteInteger(out var length) || !TryReadBytes((int)length, out var bytes))
        {
            return false;
        }

        properties = new PropertyReader(bytes, allowed);
        return true;
    }

    /// <summary>Makes sure that nothing is left.</summary>
    public bool TryReadEnd()
        => Rest.IsEmpty || Refuse(DecodeError.Malformed("Bytes follow the last field of the packet."));

    private bool RefuseTruncated() => Refuse(DecodeError.Malformed("The packet ends inside a field."));
}
