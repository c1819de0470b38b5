using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Judgement;

/// <summary>A judge with its incidents, and watchers that report every ten seconds of a clock that the test moves.</summary>
internal sealed class World
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    public World(params string[] watchers)
    {
        Judge = new Judge(new JudgementOptions(), Clock);
        Calendar = new MaintenanceCalendar(Clock);
        Book = new IncidentBook(Clock, Calendar);
        Judge.Expect(watchers.Select(name => (name, LocationOf(name), (DateTimeOffset?)null, Interval)));
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public Judge Judge { get; }

    public MaintenanceCalendar Calendar { get; }

    public IncidentBook Book { get; }

    public List<StateChange> Changes { get; } = [];

    public Board Board => Judge.Look();

    public ComponentState State => Board.Components.SingleOrDefault(component => component.Name == "MQTT")?.State ?? ComponentState.Unknown;

    public Incident Incident => Assert.Single(Book.All);

    /// <summary>A watcher's name is LOCATION/NUMBER.</summary>
    public static string LocationOf(string watcher) => watcher.Split('/')[0];

    public void Report(string watcher, Verdict verdict, string step = "acknowledge", string component = "MQTT")
    {
        var observation = new Observation(component, step, verdict, TimeSpan.FromMilliseconds(5), verdict == Verdict.Failed ? "no answer" : "");
        Changes.AddRange(Judge.Take(new Round(watcher, LocationOf(watcher), Clock.GetUtcNow(), Interval, [observation])));
        Book.Follow(Board);
    }

    /// <summary>All report at once, and ten seconds pass.</summary>
    public void Pass(params (string Watcher, Verdict Verdict)[] reports)
    {
        foreach ((string watcher, Verdict verdict) in reports)
        {
            Report(watcher, verdict);
        }

        Pass(Interval);
    }

    public void Pass(TimeSpan span)
    {
        Clock.Advance(span);
        Changes.AddRange(Judge.Tick());
        Book.Follow(Board);
    }
}
