using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Holdfast.Log.Segments.Format;

namespace Holdfast.Log.Attempts.Files;

/// <summary>
/// The items of a journal file: sources, each before the first chunk that names it by its number, and chunks. Item, little endian:
/// <code>
/// u32 length of what follows the checksum | u32 checksum of it | u8 kind | content
/// source: three texts, each u16 length, UTF-8     chunk: i32 source | u8 partition | i64 bucket | u16 first | u16 last | i64 loss at | body
/// </code>
/// </summary>
internal static class AttemptFile
{
    public const int ItemHeaderSize = 8;
    private const byte SourceItem = 1;
    private const byte ChunkItem = 2;
    private const int ChunkHeaderSize = 1 + 4 + 1 + 8 + 2 + 2 + 8;

    /// <summary>Writes a source.</summary>
    public static void Write(ArrayBufferWriter<byte> into, AttemptSource source)
    {
        byte[][] texts = [Encoding.UTF8.GetBytes(source.Product), Encoding.UTF8.GetBytes(source.Name), Encoding.UTF8.GetBytes(source.ReplayOf)];
        var content = new byte[1 + texts.Sum(text => 2 + text.Length)];
        content[0] = SourceItem;
        var rest = content.AsSpan(1);
        foreach (var text in texts)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)text.Length);
            text.CopyTo(rest[2..]);
            rest = rest[(2 + text.Length)..];
        }

        Write(into, content, []);
    }

    /// <summary>Writes a chunk.</summary>
    public static void Write(ArrayBufferWriter<byte> into, AttemptChunk chunk, int source)
    {
        Span<byte> header = stackalloc byte[ChunkHeaderSize];
        header[0] = ChunkItem;
        BinaryPrimitives.WriteInt32LittleEndian(header[1..], source);
        header[5] = (byte)chunk.Partition;
        BinaryPrimitives.WriteInt64LittleEndian(header[6..], chunk.Bucket);
        BinaryPrimitives.WriteUInt16LittleEndian(header[14..], (ushort)chunk.First);
        BinaryPrimitives.WriteUInt16LittleEndian(header[16..], (ushort)chunk.Last);
        BinaryPrimitives.WriteInt64LittleEndian(header[18..], chunk.LossAtMilliseconds);
        Write(into, header, chunk.Body.Span);
    }

    /// <summary>Reads the content of the item at the beginning of some bytes.</summary>
    /// <returns>Empty when there is none that is whole.</returns>
    public static ReadOnlyMemory<byte> ContentOf(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < ItemHeaderSize)
        {
            return default;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span);
        return length > 0 && length <= bytes.Length - ItemHeaderSize
            && bytes.Slice(ItemHeaderSize, (int)length) is var content
            && Crc32C.Of(content.Span) == BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[4..]) ? content : default;
    }

    /// <summary>Whether an item's content is a source; then it is given.</summary>
    public static AttemptSource? SourceOf(ReadOnlySpan<byte> content)
        => content[0] == SourceItem && content[1..] is var rest ? new AttemptSource(Text(ref rest), Text(ref rest), Text(ref rest)) : null;

    /// <summary>The chunk in an item's content.</summary>
    public static AttemptChunk ChunkOf(ReadOnlyMemory<byte> content, IReadOnlyList<AttemptSource> sources)
    {
        var header = content.Span;
        return new AttemptChunk(
            sources[BinaryPrimitives.ReadInt32LittleEndian(header[1..])],
            header[5],
            BinaryPrimitives.ReadInt64LittleEndian(header[6..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[14..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[18..]),
            content[ChunkHeaderSize..]);
    }

    private static void Write(ArrayBufferWriter<byte> into, ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        var length = header.Length + body.Length;
        var item = into.GetSpan(ItemHeaderSize + length)[..(ItemHeaderSize + length)];
        header.CopyTo(item[ItemHeaderSize..]);
        body.CopyTo(item[(ItemHeaderSize + header.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(item, (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(item[4..], Crc32C.Of(item[ItemHeaderSize..]));
        into.Advance(item.Length);
    }

    private static string Text(ref ReadOnlySpan<byte> rest)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        var text = Encoding.UTF8.GetString(rest.Slice(2, length));
        rest = rest[(2 + length)..];
        return text;
    }
}
