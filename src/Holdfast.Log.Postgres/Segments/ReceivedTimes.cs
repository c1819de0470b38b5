namespace Holdfast.Log.Postgres.Segments;

/// <summary>The times of receipt of some records, in Unix milliseconds.</summary>
/// <param name="First">The oldest.</param>
/// <param name="Last">The newest.</param>
internal sealed record ReceivedTimes(long First, long Last)
{
    /// <summary>Of no record.</summary>
    public static ReceivedTimes None { get; } = new(long.MaxValue, long.MinValue);

    /// <summary>Of records that are not known.</summary>
    public static ReceivedTimes Any { get; } = new(long.MinValue, long.MaxValue);

    /// <summary>Of these and others.</summary>
    public ReceivedTimes With(long first, long last) => First <= first && Last >= last ? this : new ReceivedTimes(Math.Min(First, first), Math.Max(Last, last));
}
