namespace Holdfast.Broker.Identities;

/// <summary>What a product keeps of its events, when that is less than what the node keeps.</summary>
/// <param name="MaximumAge">Older events go; null for the node's age.</param>
/// <param name="MaximumBytes">The oldest events go while the product's have more bytes in the log; null for no bound.</param>
/// <param name="KeptSince">
/// Everything received before is gone already, or null. It only ever advances: by what <paramref name="MaximumBytes"/> has trimmed, and by what an earlier setting had, so events do not
/// come back when the limits are widened.
/// </param>
public sealed record ProductRetention(TimeSpan? MaximumAge, long? MaximumBytes, DateTimeOffset? KeptSince)
{
    /// <summary>The oldest time of receipt that is kept at some time; null for no limit.</summary>
    /// <param name="now">The time.</param>
    public DateTimeOffset? FloorAt(DateTimeOffset now)
        => MaximumAge is { } age && (KeptSince is null || now - age > KeptSince) ? now - age : KeptSince;

    /// <summary>The same product with other limits.</summary>
    /// <param name="before">What counted until now, or null.</param>
    /// <param name="maximumAge">See <see cref="MaximumAge"/>.</param>
    /// <param name="maximumBytes">See <see cref="MaximumBytes"/>.</param>
    /// <param name="now">The time.</param>
    public static ProductRetention Change(ProductRetention? before, TimeSpan? maximumAge, long? maximumBytes, DateTimeOffset now)
        => new(maximumAge, maximumBytes, before?.FloorAt(now));
}
