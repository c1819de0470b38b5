namespace Holdfast.Log.Postgres.Connections;

/// <summary>How long to wait before something is tried again.</summary>
internal static class Backoff
{
    private const int FirstMilliseconds = 5;
    private const int LongestMilliseconds = 100;

    /// <summary>The pause before an attempt: 5 ms, doubled each time, at most 100 ms, because a new primary should be found soon.</summary>
    /// <param name="attempt">1 for the first repetition.</param>
    public static TimeSpan Before(int attempt)
        => TimeSpan.FromMilliseconds(Math.Min(LongestMilliseconds, FirstMilliseconds << Math.Min(attempt - 1, 10)));
}
