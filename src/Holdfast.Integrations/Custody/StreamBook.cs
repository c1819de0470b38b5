using System.Text;
using Holdfast.Broker.Custody;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Custody;

/// <summary>The sequences of every stream that a report meets.</summary>
internal sealed class StreamBook
{
    /// <summary>Streams and their ranges together; a report that would hold more is refused.</summary>
    public const int MaximumSpans = 1_000_000;

    private readonly Dictionary<(string? Device, string Stream), SequenceSpans> _streams = [];
    private readonly Dictionary<(string? Device, string Stream), ulong> _keys = [];
    private long _spans;

    /// <summary>How many streams there are.</summary>
    public int Count => _streams.Count;

    /// <summary>Sequences between the first and the last of each stream that were not seen.</summary>
    public long Missing => _streams.Values.Sum(spans => spans.Missing);

    /// <summary>The key hashes of streams with gaps.</summary>
    public HashSet<ulong> KeysWithGaps => [.. _streams.Where(one => one.Value.SpanCount > 1).Select(one => _keys[one.Key])];

    /// <summary>Takes in an event with a sequence.</summary>
    /// <returns>False when that sequence was seen before.</returns>
    /// <exception cref="CustodyTooLargeException">There are too many.</exception>
    public bool Add(in PublishRecord record)
    {
        var key = KeyOf(record);
        if (!_streams.TryGetValue(key, out var spans))
        {
            _streams[key] = spans = new SequenceSpans();
            _keys[key] = record.KeyHash;
        }

        var before = spans.SpanCount;
        var isNew = spans.Add(record.Sequence);
        _spans += spans.SpanCount - before;
        return _spans <= MaximumSpans
            ? isNew
            : throw new CustodyTooLargeException($"The streams of this time have more than {MaximumSpans:N0} ranges of sequences. Ask for less time, or for one device.");
    }

    /// <summary>Takes in an event outside the time, that may fill a gap.</summary>
    public void Fill(in PublishRecord record)
    {
        if (_streams.TryGetValue(KeyOf(record), out var spans))
        {
            spans.Fill(record.Sequence);
        }
    }

    /// <summary>What is missing, by device and stream.</summary>
    public IReadOnlyList<StreamGaps> Gaps()
        => [.. _streams.Where(one => one.Value.SpanCount > 1)
            .OrderBy(one => one.Key.Device, StringComparer.Ordinal).ThenBy(one => one.Key.Stream, StringComparer.Ordinal)
            .Take(CustodyReport.MaximumStreams)
            .Select(one => new StreamGaps(
                one.Key.Device, one.Key.Stream, one.Value.First, one.Value.Last, one.Value.Missing,
                [.. one.Value.Gaps.Take(CustodyReport.MaximumGaps).Select(gap => new SequenceGap(gap.From, gap.To))]))];

    private static (string? Device, string Stream) KeyOf(in PublishRecord record)
        => (Partitioning.TryGetDevice(record.Topic, out var device) ? Encoding.UTF8.GetString(device) : null, Encoding.UTF8.GetString(record.Stream));
}
