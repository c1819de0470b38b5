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
}
