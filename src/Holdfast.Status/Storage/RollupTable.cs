using Holdfast.Status.Judgement;

namespace Holdfast.Status.Storage;

/// <summary>A stretch of measurements of one step as seen from one location.</summary>
/// <param name="Start">When the stretch begins.</param>
/// <param name="Count">How many measurements.</param>
/// <param name="Late">How many of them were late.</param>
/// <param name="Failed">How many failed; they do not count in the durations.</param>
/// <param name="MeanMilliseconds">The mean duration of those that did not fail.</param>
/// <param name="MaximumMilliseconds">The longest of those.</param>
internal sealed record Rollup(DateTimeOffset Start, long Count, long Late, long Failed, double MeanMilliseconds, double MaximumMilliseconds);

/// <summary>A step as seen from a location.</summary>
internal sealed record Series(long Id, string Component, string Location, string Step);

/// <summary>
/// Measurements, rolled up as they come into stretches of three lengths, each kept for its time. So the size is bounded by the number of series, not by how
/// long the page runs: a series has at most 1,440 + 2,160 + 396 rows.
/// </summary>
internal sealed class RollupTable(Database database)
{
    /// <summary>So many series are kept; measurements of further ones are judged, but draw no graph.</summary>
    public const int MaximumSeries = 5000;

    /// <summary>The lengths of the stretches, and how long each is kept.</summary>
    public static readonly IReadOnlyList<(TimeSpan Length, TimeSpan Retention)> Resolutions =
    [
        (TimeSpan.FromMinutes(1), TimeSpan.FromDays(1)),
        (TimeSpan.FromHours(1), TimeSpan.FromDays(90)),
        (TimeSpan.FromDays(1), TimeSpan.FromDays(396)),
    ];

    private readonly Dictionary<(string Component, string Location, string Step), Series> _series = database.Query(
        "SELECT id, component, location, step FROM series",
        row => new Series(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3)))
        .ToDictionary(series => (series.Component, series.Location, series.Step));

    /// <summary>All series.</summary>
    public IReadOnlyCollection<Series> All => _series.Values;

    /// <summary>Adds the measurements of a round.</summary>
    /// <returns>How many were left out because there are too many series.</returns>
    public int Add(Round round)
    {
        int leftOut = 0;
        foreach (Observation observation in round.Observations)
        {
            if (Find(observation.Component, round.Location, observation.Step) is not { } series)
            {
                leftOut++;
                continue;
            }

            double milliseconds = observation.Verdict == Verdict.Failed ? 0 : observation.Duration.TotalMilliseconds;
            foreach ((TimeSpan length, _) in Resolutions)
            {
                long seconds = (long)length.TotalSeconds;
                database.Execute(
                    """
                    INSERT INTO rollups VALUES ($1, $2, $3, 1, $4, $5, $6, $6)
                    ON CONFLICT DO UPDATE SET count = count + 1, late = late + $4, failed = failed + $5, total = total + $6, maximum = max(maximum, $6)
                    """,
                    seconds,
                    round.At.ToUnixTimeSeconds() / seconds,
                    series.Id,
                    observation.Verdict == Verdict.Late ? 1 : 0,
                    observation.Verdict == Verdict.Failed ? 1 : 0,
                    milliseconds);
            }
        }

        return leftOut;
    }

    /// <summary>Reads a series.</summary>
    /// <param name="series">The series.</param>
    /// <param name="resolution">The length of a stretch, one of <see cref="Resolutions"/>.</param>
    /// <param name="from">Stretches that begin before are left out.</param>
    public List<Rollup> Read(Series series, TimeSpan resolution, DateTimeOffset from)
    {
        long seconds = (long)resolution.TotalSeconds;
        return database.Query(
            "SELECT start, count, late, failed, total, maximum FROM rollups WHERE resolution = $1 AND series = $2 AND start >= $3 ORDER BY start",
            row => new Rollup(
                DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(0) * seconds),
                row.GetInt64(1),
                row.GetInt64(2),
                row.GetInt64(3),
                row.GetDouble(4) / Math.Max(1, row.GetInt64(1) - row.GetInt64(3)),
                row.GetDouble(5)),
            seconds,
            series.Id,
            (from.ToUnixTimeSeconds() + seconds - 1) / seconds);
    }

    /// <summary>Removes what is too old, and series without anything left.</summary>
    public void Trim(DateTimeOffset now)
    {
        foreach ((TimeSpan length, TimeSpan retention) in Resolutions)
        {
            long seconds = (long)length.TotalSeconds;
            database.Execute("DELETE FROM rollups WHERE resolution = $1 AND start < $2", seconds, (now - retention).ToUnixTimeSeconds() / seconds);
        }

        HashSet<long> left = [.. database.Query("SELECT DISTINCT series FROM rollups", row => row.GetInt64(0))];
        foreach ((var key, Series series) in _series.Where(one => !left.Contains(one.Value.Id)).ToArray())
        {
            database.Execute("DELETE FROM series WHERE id = $1", series.Id);
            _series.Remove(key);
        }
    }

    private Series? Find(string component, string location, string step)
    {
        if (!_series.TryGetValue((component, location, step), out Series? series) && _series.Count < MaximumSeries)
        {
            long id = database.Query(
                "INSERT INTO series(component, location, step) VALUES ($1, $2, $3) ON CONFLICT DO UPDATE SET step = $3 RETURNING id", row => row.GetInt64(0), component, location, step).Single();
            _series.Add((component, location, step), series = new Series(id, component, location, step));
        }

        return series;
    }
}
