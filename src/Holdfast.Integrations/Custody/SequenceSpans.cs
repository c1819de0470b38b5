namespace Holdfast.Integrations.Custody;

/// <summary>All sequences of one stream that were seen, as ranges in order; nothing is forgotten. Pure.</summary>
internal sealed class SequenceSpans
{
    private readonly List<(ulong From, ulong To)> _spans = new(1);

    /// <summary>Sequences seen, each counted once.</summary>
    public long Count { get; private set; }

    /// <summary>Ranges; one more than there are gaps.</summary>
    public int SpanCount => _spans.Count;

    public ulong First => _spans[0].From;

    public ulong Last => _spans[^1].To;

    /// <summary>Sequences between the first and the last that were not seen.</summary>
    public long Missing => (long)(Last - First) + 1 - Count;

    /// <summary>The gaps, in order.</summary>
    public IEnumerable<(ulong From, ulong To)> Gaps
    {
        get
        {
            for (var i = 1; i < _spans.Count; i++)
            {
                yield return (_spans[i - 1].To + 1, _spans[i].From - 1);
            }
        }
    }

    /// <summary>Takes in a sequence.</summary>
    /// <returns>False when it was seen before.</returns>
    public bool Add(ulong sequence)
    {
        var next = FirstEndingAtOrAfter(sequence);
        if (next < _spans.Count && _spans[next].From <= sequence)
        {
            return false;
        }

        Count++;
        var joinsPrevious = next > 0 && _spans[next - 1].To + 1 == sequence;
        var joinsNext = next < _spans.Count && _spans[next].From - 1 == sequence;
        if (joinsPrevious && joinsNext)
        {
            _spans[next - 1] = (_spans[next - 1].From, _spans[next].To);
            _spans.RemoveAt(next);
        }
        else if (joinsPrevious)
        {
            _spans[next - 1] = (_spans[next - 1].From, sequence);
        }
        else if (joinsNext)
        {
            _spans[next] = (sequence, _spans[next].To);
        }
        else
        {
            _spans.Insert(next, (sequence, sequence));
        }

        return true;
    }

    /// <summary>Takes in a sequence that fills a gap; one outside the first and the last means nothing.</summary>
    public void Fill(ulong sequence)
    {
        if (sequence > First && sequence < Last)
        {
            Add(sequence);
        }
    }

    private int FirstEndingAtOrAfter(ulong sequence)
    {
        if (_spans.Count == 0 || _spans[^1].To < sequence)
        {
            return _spans.Count;
        }

        var (low, high) = (0, _spans.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _spans[middle].To < sequence ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
