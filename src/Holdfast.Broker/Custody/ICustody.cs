namespace Holdfast.Broker.Custody;

/// <summary>Tells what became of events: of one, of a device's, of a product's.</summary>
public interface ICustody
{
    /// <summary>Everything that is known of one event.</summary>
    /// <param name="product">The product.</param>
    /// <param name="eventId">The event.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <returns>Null when the product has no such event, or no longer.</returns>
    ValueTask<EventTrace?> TraceAsync(string product, string eventId, CancellationToken cancellationToken);

    /// <summary>What became of the events of a device or of a product that were received within some time.</summary>
    /// <param name="query">Which events.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <exception cref="CustodyTooLargeException">More than one report can hold; ask for less time.</exception>
    ValueTask<CustodyReport> ReportAsync(CustodyQuery query, CancellationToken cancellationToken);
}

/// <summary>Which events a report is about.</summary>
/// <param name="Product">The product.</param>
public sealed record CustodyQuery(string Product)
{
    /// <summary>The most events that are listed.</summary>
    public const int MaximumLimit = 10_000;

    /// <summary>The device; null for all of the product.</summary>
    public string? Device { get; init; }

    /// <summary>Received at or after this time; null for the oldest that is kept.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Received before this time; null for now.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>A delivery later than this after the receipt is late.</summary>
    public TimeSpan LateAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The id of the last event that an earlier answer has listed; null for the first page.</summary>
    public string? After { get; init; }

    /// <summary>Most events listed.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>A report would be larger than its limits.</summary>
public sealed class CustodyTooLargeException : Exception
{
    /// <summary>Makes one.</summary>
    public CustodyTooLargeException()
    {
    }

    /// <summary>Makes one that says which limit.</summary>
    /// <param name="message">Which limit, and what to do.</param>
    public CustodyTooLargeException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with its cause.</summary>
    /// <param name="message">Which limit, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public CustodyTooLargeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
