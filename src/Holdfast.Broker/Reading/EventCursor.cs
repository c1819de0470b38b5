using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Hashing;
using System.Numerics;
using System.Text;
using Holdfast.Log.Partitions;

namespace Holdfast.Broker.Reading;

/// <summary>
/// A place in the log: for each partition that a reader looks at, the offset of the next record. Clients keep it as opaque text: base64url of
/// <code>u8 version | u48 fingerprint of the incarnation | u64 set of partitions | for each of them: u48 offset</code>
/// big endian. All of it are whole groups of three bytes, so an offset is always the same eight characters, and moving on rewrites only those.
/// </summary>
public sealed class EventCursor
{
    /// <summary>The most partitions that a cursor can hold.</summary>
    public const int MaximumPartitions = 64;

    private const byte Version = 1;
    private const int HeaderBytes = 15;
    private const int HeaderCharacters = 20;
    private const int OffsetBytes = 6;
    private const int OffsetCharacters = 8;
    private const long MaximumOffset = (1L << (OffsetBytes * 8)) - 1;

    private readonly long[] _positions;
    private readonly ulong _partitions;
    private readonly byte[] _text;

    private EventCursor(byte[] header, ulong partitions, long[] positions)
    {
        _positions = positions;
        _partitions = partitions;
        _text = new byte[HeaderCharacters + (BitOperations.PopCount(partitions) * OffsetCharacters)];
        Base64Url.EncodeToUtf8(header, _text);
        for (var partition = 0; partition < positions.Length; partition++)
        {
            if (Holds(partition))
            {
                MoveTo(partition, positions[partition]);
            }
        }
    }

    /// <summary>The cursor as text. It changes with the next <see cref="MoveTo"/>.</summary>
    public ReadOnlySpan<byte> Utf8 => _text;

    private static ReadOnlySpan<byte> Alphabet => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8;

    /// <summary>Makes a cursor.</summary>
    /// <param name="log">The log.</param>
    /// <param name="scope">What is read; the cursor holds no other partitions than it needs.</param>
    /// <param name="positionOf">The next offset of a partition.</param>
    public static EventCursor Create(IPartitionLog log, EventScope scope, Func<int, long> positionOf)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(positionOf);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(log.PartitionCount, MaximumPartitions, nameof(log));
        var partitions = 0UL;
        var positions = new long[log.PartitionCount];
        for (var partition = 0; partition < positions.Length; partition++)
        {
            if (scope.Includes(partition))
            {
                partitions |= 1UL << partition;
                positions[partition] = positionOf(partition);
            }
        }

        return new EventCursor(Header(log.Incarnation, partitions), partitions, positions);
    }

    /// <summary>Reads a cursor that a client has kept.</summary>
    /// <param name="text">The text.</param>
    /// <param name="log">The log.</param>
    /// <param name="cursor">The cursor, when it is one of this log.</param>
    public static EventCursorStatus TryParse(string text, IPartitionLog log, out EventCursor? cursor)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(log);
        cursor = null;
        var longest = HeaderBytes + (MaximumPartitions * OffsetBytes);
        Span<byte> bytes = stackalloc byte[longest];
        if (text.Length % 4 != 0 || text.Length > longest / 3 * 4
            || Base64Url.DecodeFromChars(text, bytes, out _, out var length) != OperationStatus.Done
            || length < HeaderBytes || bytes[0] != Version)
        {
            return EventCursorStatus.Malformed;
        }

        var partitions = BinaryPrimitives.ReadUInt64BigEndian(bytes[7..]);
        if (length != HeaderBytes + (BitOperations.PopCount(partitions) * OffsetBytes))
        {
            return EventCursorStatus.Malformed;
        }

        var header = Header(log.Incarnation, partitions);
        EarlierIncarnation? life = null;
        if (!bytes[..HeaderBytes].SequenceEqual(header) && (life = FindEarlier(log, bytes[..HeaderBytes], partitions)) is null)
        {
            return EventCursorStatus.OtherIncarnation;
        }

        if (log.PartitionCount < MaximumPartitions && partitions >> log.PartitionCount != 0)
        {
            return EventCursorStatus.Malformed;
        }

        var positions = new long[log.PartitionCount];
        var rest = bytes[HeaderBytes..length];
        for (var partition = 0; partition < positions.Length; partition++)
        {
            if ((partitions & (1UL << partition)) != 0)
            {
                positions[partition] = ReadOffset(rest);
                rest = rest[OffsetBytes..];
                if (positions[partition] > life?.EndOffsets[partition])
                {
                    // It has passed events that a restore has undone, and others have their offsets now.
                    return EventCursorStatus.OtherIncarnation;
                }
            }
        }

        cursor = new EventCursor(header, partitions, positions);
        return EventCursorStatus.Valid;
    }

    /// <summary>Whether the cursor says where to go on in a partition.</summary>
    /// <param name="partition">The partition.</param>
    public bool Holds(int partition) => (_partitions & (1UL << partition)) != 0;

    /// <summary>The next offset of a partition that the cursor holds.</summary>
    /// <param name="partition">The partition.</param>
    public long Position(int partition) => _positions[partition];

    /// <summary>Moves on in a partition that the cursor holds.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset of the next record.</param>
    public void MoveTo(int partition, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)offset, (ulong)MaximumOffset, nameof(offset));
        _positions[partition] = offset;
        var place = BitOperations.PopCount(_partitions & ((1UL << partition) - 1));
        var text = _text.AsSpan(HeaderCharacters + (place * OffsetCharacters), OffsetCharacters);
        for (var i = OffsetCharacters - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(offset & 63)];
            offset >>= 6;
        }
    }

    /// <summary>The cursor as text.</summary>
    public override string ToString() => Encoding.ASCII.GetString(_text);

    private static EarlierIncarnation? FindEarlier(IPartitionLog log, ReadOnlySpan<byte> header, ulong partitions)
    {
        foreach (var life in log.Incarnations.Earlier)
        {
            if (header.SequenceEqual(Header(life.Name, partitions)))
            {
                return life;
            }
        }

        return null;
    }

    private static byte[] Header(string incarnation, ulong partitions)
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64BigEndian(header, XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(incarnation)));
        header[0] = Version;
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(7), partitions);
        return header;
    }

    private static long ReadOffset(ReadOnlySpan<byte> bytes)
        => ((long)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);
}

/// <summary>What a text is that should be a cursor.</summary>
public enum EventCursorStatus
{
    /// <summary>A cursor of this log.</summary>
    Valid,

    /// <summary>No cursor.</summary>
    Malformed,

    /// <summary>A cursor of another life of the store: its offsets mean nothing here.</summary>
    OtherIncarnation,
}
