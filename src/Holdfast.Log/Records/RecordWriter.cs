using System.Buffers.Binary;

namespace Holdfast.Log.Records;

/// <summary>Writes the fields of one record in order.</summary>
internal ref struct RecordWriter(Span<byte> destination)
{
    private Span<byte> _rest = destination;

    public void Header(int size, RecordKind kind, byte flags, ulong keyHash, long receivedAtMilliseconds)
    {
        Int32(size - 4);
        Byte((byte)kind);
        Byte(flags);
        UInt16(0);
        UInt64(keyHash);
        Int64(receivedAtMilliseconds);
    }

    public void Byte(byte value)
    {
        _rest[0] = value;
        _rest = _rest[1..];
    }

    public void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_rest, value);
        _rest = _rest[2..];
    }

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_rest, value);
        _rest = _rest[4..];
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_rest, value);
        _rest = _rest[8..];
    }

    public void UInt64(ulong value) => Int64((long)value);

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_rest);
        _rest = _rest[value.Length..];
    }
}
