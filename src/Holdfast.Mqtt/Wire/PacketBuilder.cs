using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Mqtt.Wire;

/// <summary>
/// Builds a packet whose size is not known beforehand, in a rented buffer, with room kept in front for the fixed header. For the rare
/// packets; PUBLISH and the acknowledgements are written directly.
/// </summary>
internal sealed class PacketBuilder : IDisposable
{
    private const int HeaderRoom = 1 + Wire.VariableByteInteger.MaximumSize;
    private const int InitialCapacity = 256;

    // An ill-formed string is the caller's mistake and must not travel: the exception is an ArgumentException.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialCapacity);
    private int _end = HeaderRoom;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);

    public void Byte(byte value) => Claim(1)[0] = value;

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Claim(2), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Claim(4), value);

    public void VariableByteInteger(uint value) => Wire.VariableByteInteger.Write(value, Claim(Wire.VariableByteInteger.Measure(value)));

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Claim(bytes.Length));

    public void Binary(ReadOnlySpan<byte> bytes)
    {
        UInt16(CheckLength(bytes.Length));
        Bytes(bytes);
    }

    public void String(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("A string of MQTT cannot contain U+0000.", nameof(text));
        }

        var length = StrictUtf8.GetByteCount(text);
        UInt16(CheckLength(length));
        StrictUtf8.GetBytes(text, Claim(length));
    }

    public void PacketId(ushort packetId)
    {
        ArgumentOutOfRangeException.ThrowIfZero(packetId);
        UInt16(packetId);
    }

    /// <summary>Begins the properties.</summary>
    /// <returns>What <see cref="EndProperties"/> needs.</returns>
    public int BeginProperties() => _end;

    /// <summary>Puts the length in front of the properties.</summary>
    public void EndProperties(int start)
    {
        var length = _end - start;
        var size = Wire.VariableByteInteger.Measure((uint)length);
        Claim(size);
        _buffer.AsSpan(start, length).CopyTo(_buffer.AsSpan(start + size));
        Wire.VariableByteInteger.Write((uint)length, _buffer.AsSpan(start));
    }

    public void Property(PropertyIdentifier identifier, bool? value)
    {
        if (value is { } given)
        {
            Byte((byte)identifier);
            Byte(given ? (byte)1 : (byte)0);
        }
    }

    public void Property(PropertyIdentifier identifier, ushort? value)
    {
        if (value is { } given)
        {
            Byte((byte)identifier);
            UInt16(given);
        }
    }

    public void Property(PropertyIdentifier identifier, uint? value)
    {
        if (value is { } given)
        {
            Byte((byte)identifier);
            UInt32(given);
        }
    }

    public void Property(PropertyIdentifier identifier, string? value)
    {
        if (value is not null)
        {
            Byte((byte)identifier);
            String(value);
        }
    }

    public void Property(PropertyIdentifier identifier, ReadOnlyMemory<byte>? value)
    {
        if (value is { } given)
        {
            Byte((byte)identifier);
            Binary(given.Span);
        }
    }

    public void UserProperties(IReadOnlyList<UserProperty> properties)
    {
        foreach (var property in properties)
        {
            Byte((byte)PropertyIdentifier.UserProperty);
            String(property.Name);
            String(property.Value);
        }
    }

    /// <summary>Puts the fixed header in front and hands the packet over.</summary>
    public void Complete(PacketType type, byte flags, IBufferWriter<byte> destination)
    {
        var length = _end - HeaderRoom;
        if (length > Wire.VariableByteInteger.Maximum)
        {
            throw new ArgumentException("The packet is larger than MQTT allows.");
        }

        var start = HeaderRoom - 1 - Wire.VariableByteInteger.Measure((uint)length);
        _buffer[start] = (byte)((int)type << 4 | flags);
        Wire.VariableByteInteger.Write((uint)length, _buffer.AsSpan(start + 1));
        destination.Write(_buffer.AsSpan(start, _end - start));
    }

    private static ushort CheckLength(int length)
        => length <= ushort.MaxValue ? (ushort)length : throw new ArgumentException("A string or binary field is longer than 65,535 bytes.");

    private Span<byte> Claim(int length)
    {
        if (_buffer.Length - _end < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _end + length));
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
            _buffer = larger;
        }

        var claimed = _buffer.AsSpan(_end, length);
        _end += length;
        return claimed;
    }
}
