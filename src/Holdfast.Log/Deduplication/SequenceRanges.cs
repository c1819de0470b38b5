using System.Buffers.Binary;

namespace Holdfast.Log.Deduplication;

/// <summary>What is known of a sequence.</summary>
public enum SequenceStatus
{
    /// <summary>Not seen before.</summary>
    New,

    /// <summary>Seen before.</summary>
    Duplicate,

    /// <summary>Too old to tell: below the window.</summary>
    OutsideWindow,
}

/// <summary>
/// The sequences of one stream that were seen, as ranges. Almost always there is one range, because devices send in order; the number of
/// ranges is bounded, and the lowest gap is given up first: what lies in it can no longer be told apart and counts as outside the window.
/// </summary>
public sealed class SequenceRanges
{
    /// <summary>The most ranges that are kept.</summary>
    public const int MaximumRanges = 64;

    private readonly List<(ulong From, ulong To)> _ranges = new(1);
    private ulong _floor;

    /// <summary>The ranges, ascending, both ends included.</summary>
    public IReadOnlyList<(ulong From, ulong To)> Ranges => _ranges;

    /// <summary>Records a sequence.</summary>
    /// <param name="sequence">The sequence.</param>
    public SequenceStatus Add(ulong sequence)
    {
        if (_ranges.Count > 0 && sequence == _ranges[^1].To + 1 && sequence != 0)
        {
            _ranges[^1] = (_ranges[^1].From, sequence);
            return SequenceStatus.New;
        }

        var index = FirstRangeEndingAtOrAfter(sequence);
        if (index < _ranges.Count && _ranges[index].From <= sequence)
        {
            return SequenceStatus.Duplicate;
        }

        if (sequence < _floor)
        {
            return SequenceStatus.OutsideWindow;
        }

        Insert(index, sequence);
        return SequenceStatus.New;
    }

    /// <summary>Forgets a sequence whose record was not stored after all.</summary>
    /// <param name="sequence">A sequence for which <see cref="Add"/> returned <see cref="SequenceStatus.New"/>.</param>
    public void Remove(ulong sequence)
    {
        var index = FirstRangeEndingAtOrAfter(sequence);
        if (index == _ranges.Count || _ranges[index].From > sequence)
        {
            return;
        }

        var (from, to) = _ranges[index];
        _ranges.RemoveAt(index);
        if (sequence < to)
        {
            _ranges.Insert(index, (sequence + 1, to));
        }

        if (from < sequence)
        {
            _ranges.Insert(index, (from, sequence - 1));
        }
    }

    /// <summary>Writes the ranges for a checkpoint.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[8 + (_ranges.Count * 16)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _floor);
        for (var index = 0; index < _ranges.Count; index++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8 + (index * 16)), _ranges[index].From);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16 + (index * 16)), _ranges[index].To);
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <param name="bytes">The bytes.</param>
    public static SequenceRanges Decode(ReadOnlySpan<byte> bytes)
    {
        var result = new SequenceRanges { _floor = BinaryPrimitives.ReadUInt64LittleEndian(bytes) };
        for (var at = 8; at + 16 <= bytes.Length; at += 16)
        {
            result._ranges.Add((BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at + 8)..])));
        }

        return result;
    }

    private int FirstRangeEndingAtOrAfter(ulong sequence)
    {
        var low = 0;
        var high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].To < sequence)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private void Insert(int index, ulong sequence)
    {
        var joinsNext = index < _ranges.Count && _ranges[index].From == sequence + 1;
        var joinsPrevious = index > 0 && _ranges[index - 1].To + 1 == sequence;
        if (joinsNext && joinsPrevious)
        {
            _ranges[index - 1] = (_ranges[index - 1].From, _ranges[index].To);
            _ranges.RemoveAt(index);
        }
        else if (joinsNext)
        {
            _ranges[index] = (sequence, _ranges[index].To);
        }
        else if (joinsPrevious)
        {
            _ranges[index - 1] = (_ranges[index - 1].From, sequence);
        }
        else
        {
            _ranges.Insert(index, (sequence, sequence));
            if (_ranges.Count > MaximumRanges)
            {
                _floor = _ranges[1].From;
                _ranges.RemoveAt(0);
            }
        }
    }
}
