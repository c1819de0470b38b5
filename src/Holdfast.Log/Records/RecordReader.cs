using System.Buffers.Binary;

namespace Holdfast.Log.Records;

/// <summary>Reads the fields of one record in order.</summary>
internal ref struct RecordReader(ReadOnlySpan<byte> body)
{
    public ReadOnlySpan<byte> Rest { get; private set; } = body;

    public byte Byte()
    {
        var value = Rest[0];
        Rest = Rest[1..];
        return value;
    }

    public ushort UInt16()
    {
        var value = BinaryPrimitives.ReadUInt16LittleEndian(Rest);
        Rest = Rest[2..];
        return value;
    }

    public int Int32()
    {
        var value = BinaryPrimitives.ReadInt32LittleEndian(Rest);
        Rest = Rest[4..];
        return value;
    }

    public long Int64()
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(Rest);
        Rest = Rest[8..];
        return value;
    }

    public ulong UInt64() => (ulong)Int64();

    public ReadOnlySpan<byte> Bytes(int length)
    {
        var value = Rest[..length];
        Rest = Rest[length..];
        return value;
    }
}
