using System.Buffers.Binary;

namespace Holdfast.Simulation.Judging;

/// <summary>What a record is, written in its payload.</summary>
/// <param name="Life">The life of a node that took it.</param>
/// <param name="Counter">Grows with every record that any node takes.</param>
/// <param name="Device">Who published it.</param>
/// <param name="Sequence">The device's count.</param>
internal readonly record struct RecordName(int Life, int Counter, int Device, int Sequence)
{
    public const int Size = 16;

    public static RecordName Read(ReadOnlySpan<byte> payload) => new(
        BinaryPrimitives.ReadInt32LittleEndian(payload), BinaryPrimitives.ReadInt32LittleEndian(payload[4..]),
        BinaryPrimitives.ReadInt32LittleEndian(payload[8..]), BinaryPrimitives.ReadInt32LittleEndian(payload[12..]));

    public void WriteTo(Span<byte> payload)
    {
        BinaryPrimitives.WriteInt32LittleEndian(payload, Life);
        BinaryPrimitives.WriteInt32LittleEndian(payload[4..], Counter);
        BinaryPrimitives.WriteInt32LittleEndian(payload[8..], Device);
        BinaryPrimitives.WriteInt32LittleEndian(payload[12..], Sequence);
    }
}
