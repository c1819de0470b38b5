using System.Globalization;

namespace Holdfast.Device.Receipts;

/// <summary>Consecutive sequences of a stream.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The last.</param>
internal readonly record struct SequenceRange(ulong From, ulong To)
{
    /// <summary>Reads ascending ranges such as <c>1-41,43</c>; what is no range is left out.</summary>
    public static SequenceRange[] Parse(string text)
    {
        var ranges = new List<SequenceRange>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length <= 2 && ulong.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
                && ulong.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var to) && from <= to)
            {
                ranges.Add(new SequenceRange(from, to));
            }
        }

        return [.. ranges];
    }

    /// <summary>Whether any of the ranges holds a sequence.</summary>
    public static bool Holds(SequenceRange[] ranges, ulong sequence) => Array.Exists(ranges, range => sequence >= range.From && sequence <= range.To);
}
