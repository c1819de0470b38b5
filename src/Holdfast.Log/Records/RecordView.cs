using System.Buffers.Binary;

namespace Holdfast.Log.Records;

/// <summary>
/// One record inside a batch, without a copy. Layout, little endian:
/// <code>u32 length of what follows | u8 kind | u8 flags | u16 zero | u64 key hash | i64 received at, Unix ms | body</code>
/// </summary>
public readonly ref struct RecordView
{
    /// <summary>Bytes of a record before its body, the length field included.</summary>
    public const int HeaderSize = 24;

    private readonly ReadOnlySpan<byte> _bytes;

    internal RecordView(int partition, long offset, ReadOnlySpan<byte> bytes)
    {
        Partition = partition;
        Offset = offset;
        _bytes = bytes;
    }

    /// <summary>The partition the record lies in.</summary>
    public int Partition { get; }

    /// <summary>The record's position in its partition.</summary>
    public long Offset { get; }

    /// <summary>What the record says.</summary>
    public RecordKind Kind => (RecordKind)_bytes[4];

    /// <summary>Flags whose meaning depends on the kind, see <see cref="PublishFlags"/>.</summary>
    public byte Flags => _bytes[5];

    /// <summary>The hash of product and key, see <see cref="Partitions.Partitioning.KeyHash"/>.</summary>
    public ulong KeyHash => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[8..]);

    /// <summary>When the record was received, in milliseconds since 1970-01-01 UTC.</summary>
    public long ReceivedAtMilliseconds => BinaryPrimitives.ReadInt64LittleEndian(_bytes[16..]);

    /// <summary>The part that <see cref="Kind"/> explains.</summary>
    public ReadOnlySpan<byte> Body => _bytes[HeaderSize..];

    /// <summary>The record as it is stored, the length field included.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads the record at the start of the given bytes. The bytes come from a batch whose checksum was verified.</summary>
    /// <param name="partition">The partition of the batch.</param>
    /// <param name="offset">The offset of the record.</param>
    /// <param name="bytes">A batch body from this record on.</param>
    /// <exception cref="InvalidDataException">The length does not fit the body: the batch was not written by Holdfast.</exception>
    public static RecordView ReadFirst(int partition, long offset, ReadOnlySpan<byte> bytes)
    {
        var size = bytes.Length < HeaderSize ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes) + 4;
        if (size < HeaderSize || size > bytes.Length)
        {
            throw new InvalidDataException($"Partition {partition}, offset {offset}: a record claims {size} of {bytes.Length} bytes.");
        }

        return new RecordView(partition, offset, bytes[..size]);
    }
}
