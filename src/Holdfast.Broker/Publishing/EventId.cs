using System.Globalization;

namespace Holdfast.Broker.Publishing;

/// <summary>The id of an event, <c>{incarnation}-{partition}-{offset}</c>; opaque to users.</summary>
public static class EventId
{
    /// <summary>Makes an id.</summary>
    /// <param name="incarnation">The store's incarnation.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset.</param>
    public static string Format(string incarnation, int partition, long offset)
        => string.Create(CultureInfo.InvariantCulture, $"{incarnation}-{partition}-{offset}");

    /// <summary>Reads an id.</summary>
    /// <param name="text">The id.</param>
    /// <param name="incarnation">The store's incarnation.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset.</param>
    /// <returns>False when it is no id of this incarnation.</returns>
    public static bool TryParse(string text, string incarnation, out int partition, out long offset)
    {
        (partition, offset) = (0, 0);
        if (!text.StartsWith(incarnation, StringComparison.Ordinal) || text.Length <= incarnation.Length || text[incarnation.Length] != '-')
        {
            return false;
        }

        var rest = text.AsSpan(incarnation.Length + 1);
        var separator = rest.IndexOf('-');
        return separator > 0
            && int.TryParse(rest[..separator], NumberStyles.None, CultureInfo.InvariantCulture, out partition)
            && long.TryParse(rest[(separator + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out offset);
    }

    /// <summary>Writes an id without making a string.</summary>
    /// <param name="destination">Where it is written; the incarnation's length and 32 characters are always enough.</param>
    /// <param name="incarnation">The store's incarnation.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset.</param>
    /// <returns>The id.</returns>
    public static ReadOnlySpan<char> Format(Span<char> destination, string incarnation, int partition, long offset)
        => destination.TryWrite(CultureInfo.InvariantCulture, $"{incarnation}-{partition}-{offset}", out var written)
            ? destination[..written]
            : throw new ArgumentException("There is no room for the id.", nameof(destination));
}
