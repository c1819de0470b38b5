using System.Runtime.InteropServices;

namespace Holdfast.Broker.Retention;

/// <summary>
/// How many bytes of one product were received when, in spans of time that are all of one length. It begins at eight seconds and doubles whenever there would be too many spans, so it
/// takes a few kilobytes however long the log is, and is exact to about a 256th of the time that is kept.
/// </summary>
internal sealed class ReceivedBytes
{
    private const int MostSpans = 512;
    private const int FirstShift = 13;

    private Dictionary<long, long> _spans = [];
    private int _shift = FirstShift;

    /// <summary>The beginning of the oldest span, in Unix milliseconds; null when there is none.</summary>
    public long? Oldest => _spans.Count == 0 ? null : _spans.Keys.Min() << _shift;

    /// <summary>Counts a record.</summary>
    public void Add(long receivedAtMilliseconds, long bytes)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_spans, receivedAtMilliseconds >> _shift, out _) += bytes;
        if (_spans.Count > MostSpans)
        {
            Coarsen();
        }
    }

    /// <summary>Forgets what was received before a time; a span that reaches beyond it stays whole.</summary>
    public void ForgetBefore(long milliseconds)
    {
        var first = milliseconds >> _shift;
        foreach (var span in _spans.Keys.Where(span => span < first).ToList())
        {
            _spans.Remove(span);
        }
    }

    /// <summary>Since when what was received fits into so many bytes, in Unix milliseconds; <see cref="long.MinValue"/> when all of it does. The newest span always stays.</summary>
    public long FloorFor(long maximumBytes)
    {
        long sum = 0;
        long? kept = null;
        foreach (var span in _spans.Keys.OrderDescending())
        {
            sum += _spans[span];
            if (sum > maximumBytes && kept is not null)
            {
                return kept.Value << _shift;
            }

            kept = span;
        }

        return long.MinValue;
    }

    private void Coarsen()
    {
        _shift++;
        var wider = new Dictionary<long, long>();
        foreach (var (span, bytes) in _spans)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(wider, span >> 1, out _) += bytes;
        }

        _spans = wider;
    }
}
