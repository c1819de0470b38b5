using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Holdfast.Log.Deduplication;

namespace Holdfast.Integrations.Receipts;

/// <summary>
/// What one integration has done with the events of one device: for each stream the sequences that it has delivered, and those that it never will. It
/// is the text of a retained message: <c>{stream} delivered 1-41,43-90</c> and <c>{stream} undelivered 42</c>, a line for each.
/// </summary>
internal sealed class DeviceReceipts
{
    /// <summary>The most streams that are remembered; the one that was told of the longest time ago goes first.</summary>
    public const int MaximumStreams = 8;

    private const string DeliveredLevel = "delivered";
    private const string UndeliveredLevel = "undelivered";

    private readonly List<StreamReceipts> _streams = [];

    /// <summary>Reads what a retained message says. What cannot be read is left out.</summary>
    public static DeviceReceipts Parse(ReadOnlySpan<byte> text)
    {
        var receipts = new DeviceReceipts();
        foreach (var line in Encoding.ASCII.GetString(text).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ') is [var stream, DeliveredLevel or UndeliveredLevel, var ranges] words)
            {
                var known = receipts.Of(stream);
                var parsed = SequenceRanges.Decode(Encode(ranges));
                receipts._streams[receipts._streams.IndexOf(known)] = words[1] == DeliveredLevel ? known with { Delivered = parsed } : known with { Undelivered = parsed };
            }
        }

        return receipts;
    }

    /// <summary>Adds an event.</summary>
    /// <returns>Whether it was not known yet.</returns>
    public bool Add(string stream, ulong sequence, bool isDelivered)
    {
        var known = Of(stream);
        if ((isDelivered ? known.Delivered : known.Undelivered).Add(sequence) != SequenceStatus.New)
        {
            return false;
        }

        _streams.Remove(known);
        _streams.Add(known);
        if (_streams.Count > MaximumStreams)
        {
            _streams.RemoveAt(0);
        }

        return true;
    }

    /// <summary>The text of the retained message.</summary>
    public byte[] Write()
    {
        var text = new StringBuilder();
        foreach (var stream in _streams)
        {
            Write(text, stream.Name, DeliveredLevel, stream.Delivered);
            Write(text, stream.Name, UndeliveredLevel, stream.Undelivered);
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static void Write(StringBuilder text, string stream, string level, SequenceRanges ranges)
    {
        if (ranges.Ranges.Count > 0)
        {
            var written = ranges.Ranges.Select(range => range.From == range.To ? Number(range.From) : $"{Number(range.From)}-{Number(range.To)}");
            text.Append(stream).Append(' ').Append(level).Append(' ').AppendJoin(',', written).Append('\n');
        }
    }

    private static string Number(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The ranges as <see cref="SequenceRanges.Decode"/> takes them; nothing lies below the first one.</summary>
    private static byte[] Encode(string ranges)
    {
        List<(ulong From, ulong To)> read = [];
        foreach (var range in ranges.Split(','))
        {
            var ends = range.Split('-');
            if (ulong.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
                && ulong.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var to) && from <= to && (read.Count == 0 || read[^1].To < from))
            {
                read.Add((from, to));
            }
        }

        var bytes = new byte[8 + (read.Count * 16)];
        foreach (var (index, (from, to)) in read.Index())
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8 + (index * 16)), from);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16 + (index * 16)), to);
        }

        return bytes;
    }

    private StreamReceipts Of(string stream)
    {
        if (_streams.Find(one => one.Name == stream) is { } known)
        {
            return known;
        }

        known = new StreamReceipts(stream, new SequenceRanges(), new SequenceRanges());
        _streams.Add(known);
        return known;
    }

    private sealed record StreamReceipts(string Name, SequenceRanges Delivered, SequenceRanges Undelivered);
}
