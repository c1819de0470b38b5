using System.Buffers;
using System.Text;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Batches;

/// <summary>Writes events into one payload, in the format that docs/device.md describes.</summary>
internal static class BatchWriter
{
    /// <summary>The media type of a batch.</summary>
    public const string ContentType = "application/vnd.holdfast.batch";

    /// <summary>The most events of one batch.</summary>
    public const int MaximumEvents = 1024;

    /// <summary>The most bytes of a name, of a content type, and of a receipt.</summary>
    public const int MaximumTextBytes = byte.MaxValue;

    private const byte Version = 1;
    private const byte NameFollows = 0x01;
    private const byte ContentTypeFollows = 0x02;
    private const byte StepFollows = 0x04;
    private const byte TimeFollows = 0x08;
    private const byte ReceiptFollows = 0x10;

    private static ReadOnlySpan<byte> Magic => [0xC5, (byte)'H', (byte)'F', (byte)'B'];

    /// <summary>Writes a batch.</summary>
    /// <param name="events">Events of one stream with ascending sequences.</param>
    /// <param name="prefix">What their topics have in common: <c>devices/{id}/events/</c>.</param>
    public static byte[] Write(IReadOnlyList<StoredEvent> events, string prefix)
    {
        var batch = new ArrayBufferWriter<byte>(256);
        var first = events[0];
        var expected = first.Identity.Sequence;
        var time = Math.Max(0, first.CreatedAtMilliseconds);
        batch.Write(Magic);
        WriteByte(batch, Version);
        WriteText(batch, first.Identity.Stream);
        WriteNumber(batch, expected);
        WriteNumber(batch, (ulong)time);
        var (name, contentType, receipt) = ("", "", "");
        foreach (var stored in events)
        {
            var (itsName, itsTime) = (stored.Topic[prefix.Length..], Math.Max(0, stored.CreatedAtMilliseconds));
            WriteByte(batch, (byte)((itsName != name ? NameFollows : 0) | (stored.ContentType != contentType ? ContentTypeFollows : 0)
                | (stored.Identity.Sequence != expected ? StepFollows : 0) | (itsTime != time ? TimeFollows : 0)
                | (stored.Receipt != receipt ? ReceiptFollows : 0)));
            if (itsName != name)
            {
                WriteText(batch, itsName);
            }

            if (stored.ContentType != contentType)
            {
                WriteText(batch, stored.ContentType);
            }

            if (stored.Identity.Sequence != expected)
            {
                WriteNumber(batch, stored.Identity.Sequence - expected);
            }

            if (itsTime != time)
            {
                WriteNumber(batch, ZigZag(itsTime - time));
            }

            if (stored.Receipt != receipt)
            {
                WriteText(batch, stored.Receipt);
            }

            WriteNumber(batch, (ulong)stored.Payload.Length);
            batch.Write(stored.Payload.Span);
            (name, contentType, receipt, expected, time) = (itsName, stored.ContentType, stored.Receipt, stored.Identity.Sequence + 1, itsTime);
        }

        return batch.WrittenSpan.ToArray();
    }

    private static ulong ZigZag(long value) => (ulong)(value << 1) ^ (ulong)(value >> 63);

    private static void WriteByte(ArrayBufferWriter<byte> batch, byte value)
    {
        batch.GetSpan(1)[0] = value;
        batch.Advance(1);
    }

    private static void WriteText(ArrayBufferWriter<byte> batch, string text)
    {
        var place = batch.GetSpan(1 + MaximumTextBytes);
        place[0] = (byte)Encoding.UTF8.GetBytes(text, place[1..]);
        batch.Advance(1 + place[0]);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> batch, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            WriteByte(batch, (byte)(value | 0x80));
        }

        WriteByte(batch, (byte)value);
    }
}
