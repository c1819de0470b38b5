using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Figures;

/// <summary>What a page holds that has run for 90 days.</summary>
internal static class NinetyDays
{
    /// <summary>So many watchers, each at a place of its own: each place has its own measurements.</summary>
    public const int Watchers = 10;

    /// <summary>So many components.</summary>
    public const int Components = 30;

    private const int Days = 90;
    private const int OutagesOfEach = 20;

    /// <summary>The steps of each component.</summary>
    public static readonly IReadOnlyList<string> Steps = ["connect", "subscribe", "acknowledge", "deliver", "command"];

    /// <summary>How many rows of measurements were written.</summary>
    public static long Rows { get; private set; }

    /// <summary>The name of a component.</summary>
    public static string Component(int number) => $"Service {number:00}";

    /// <summary>Fills a data directory.</summary>
    /// <returns>The tokens of the watchers.</returns>
    public static string[] Fill(string directory, DateTimeOffset now)
    {
        string[] tokens;
        using (var registry = new WatcherRegistry(directory))
        {
            tokens = [.. Enumerable.Range(0, Watchers).Select(number => registry.Add($"watcher-{number}", Place(number)))];
        }

        using var database = Database.Open(directory);
        database.Transact(() =>
        {
            FillHistory(new HistoryTables(database), now);
            FillMeasurements(database, now);
        });
        return tokens;
    }

    private static string Place(int number) => $"place-{number}";

    private static void FillHistory(HistoryTables history, DateTimeOffset now)
    {
        var random = new Random(1);
        long id = 0;
        DateTimeOffset start = now - TimeSpan.FromDays(Days);
        for (int component = 0; component < Components; component++)
        {
            history.Add(new StateChange(Component(component), start, ComponentState.Operational));
            for (int outage = 0; outage < OutagesOfEach; outage++)
            {
                DateTimeOffset from = start + (TimeSpan.FromDays(Days) * (outage + random.NextDouble()) / (OutagesOfEach + 1));
                DateTimeOffset to = from + TimeSpan.FromMinutes(1 + random.Next(30));
                history.Add(new StateChange(Component(component), from, ComponentState.MajorOutage));
                history.Add(new StateChange(Component(component), to, ComponentState.Operational));
                history.Keep(new Incident(++id, $"{Component(component)}: devices cannot connect", from, [Component(component)])
                {
                    IsAutomatic = true,
                    Impact = ComponentState.MajorOutage,
                    Status = IncidentStatus.Resolved,
                    ResolvedAt = to,
                    Locations = [Place(0), Place(1)],
                    Updates =
                    [
                        new IncidentUpdate(from, IncidentStatus.Investigating, "Detected automatically, not yet confirmed.\nconnect (devices cannot connect: nobody listens there).", true),
                        new IncidentUpdate(to, IncidentStatus.Resolved, "The watchers find everything well again.", true),
                    ],
                });
            }
        }

        history.NoteAlive(now);
    }

    // As the product keeps them: minutes of a day, hours of 90, days.
    private static void FillMeasurements(Database database, DateTimeOffset now)
    {
        var random = new Random(2);
        long series = 0;
        for (int component = 0; component < Components; component++)
        {
            for (int place = 0; place < Watchers; place++)
            {
                foreach (string step in Steps)
                {
                    database.Execute("INSERT INTO series VALUES ($1, $2, $3, $4)", ++series, Component(component), Place(place), step);
                }
            }
        }

        foreach ((TimeSpan length, TimeSpan retention) in RollupTable.Resolutions)
        {
            long seconds = (long)length.TotalSeconds;
            long last = now.ToUnixTimeSeconds() / seconds;
            long count = (long)((retention < TimeSpan.FromDays(Days) ? retention : TimeSpan.FromDays(Days)) / length);
            for (long one = 1; one <= series; one++)
            {
                for (long start = last - count; start < last; start++)
                {
                    database.Execute("INSERT INTO rollups VALUES ($1, $2, $3, $4, 0, 0, $5, $6)", seconds, start, one, seconds / 10, random.NextDouble() * seconds, random.NextDouble() * 100);
                    Rows++;
                }
            }
        }
    }
}
