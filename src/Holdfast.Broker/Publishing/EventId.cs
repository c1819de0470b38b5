using System.Globalization;
using Holdfast.Log.Partitions;

namespace Holdfast.Broker.Publishing;

/// <summary>The id of an event, <c>{incarnation}-{partition}-{offset}</c>; opaque to users.</summary>
public static class EventId
{
    private const int NumbersLength = 32;

    /// <summary>Makes an id.</summary>
    /// <param name="incarnations">The lives of the store.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset.</param>
    public static string Format(Incarnations incarnations, int partition, long offset)
    {
        ArgumentNullException.ThrowIfNull(incarnations);
        return string.Create(CultureInfo.InvariantCulture, $"{incarnations.Of(partition, offset)}-{partition}-{offset}");
    }

    /// <summary>Reads an id.</summary>
    /// <param name="text">The id.</param>
    /// <param name="incarnations">The lives of the store.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset.</param>
    /// <returns>False when it is no id of an event of this store: none at all, of another store, or given in a life that a restore has undone.</returns>
    public static bool TryParse(string text, Incarnations incarnations, out int partition, out long offset)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(incarnations);
        (partition, offset) = (0, 0);
        var end = text.LastIndexOf('-');
        var begin = end > 0 ? text.LastIndexOf('-', end - 1) : -1;
        return begin > 0
            && int.TryParse(text.AsSpan(begin + 1, end - begin - 1), NumberStyles.None, CultureInfo.InvariantCulture, out partition)
            && long.TryParse(text.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out offset)
            && (incarnations.Earlier.Count == 0 || partition < incarnations.Earlier[0].EndOffsets.Length)
            && text.AsSpan(0, begin).SequenceEqual(incarnations.Of(partition, offset));
    }

    /// <summary>Writes an id without making a string.</summary>
    /// <param name="destination">Where it is written; <see cref="LengthLimit"/> is always enough.</param>
    /// <param name="incarnations">The lives of the store.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset.</param>
    /// <returns>The id.</returns>
    public static ReadOnlySpan<char> Format(Span<char> destination, Incarnations incarnations, int partition, long offset)
    {
        ArgumentNullException.ThrowIfNull(incarnations);
        return destination.TryWrite(CultureInfo.InvariantCulture, $"{incarnations.Of(partition, offset)}-{partition}-{offset}", out var written)
            ? destination[..written]
            : throw new ArgumentException("There is no room for the id.", nameof(destination));
    }

    /// <summary>The most characters that an id of a store has.</summary>
    /// <param name="incarnations">The lives of the store.</param>
    public static int LengthLimit(Incarnations incarnations)
    {
        ArgumentNullException.ThrowIfNull(incarnations);
        return incarnations.Earlier.Select(life => life.Name).Append(incarnations.Current).Max(name => name.Length) + NumbersLength;
    }
}
