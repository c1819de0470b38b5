using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Incidents;

/// <summary>
/// The incidents, and their life by itself: one opens when a component turns bad, tells what is found, ends when all that it affects is well, and is
/// opened again when the same comes back soon. What is under maintenance opens none. One that a person opened takes in what is measured, and ends when a
/// person says so. Pure; used by one thread at a time.
/// </summary>
internal sealed class IncidentBook(TimeProvider time, MaintenanceCalendar calendar)
{
    /// <summary>What turns bad so soon after an incident began belongs to it.</summary>
    public static readonly TimeSpan JoinWindow = TimeSpan.FromMinutes(5);

    /// <summary>What turns bad again so soon after an incident ended opens it again.</summary>
    public static readonly TimeSpan ReopenWindow = TimeSpan.FromMinutes(10);

    /// <summary>Measurements say something new about an incident at most this often.</summary>
    public static readonly TimeSpan UpdateInterval = TimeSpan.FromSeconds(30);

    /// <summary>Beyond so many updates the measurements add none but the end.</summary>
    public const int MaximumUpdates = 200;

    private const string Detected = "Detected automatically, not yet confirmed.";
    private const string Well = "The watchers find everything well again";

    private readonly WorkingSet<Incident> _incidents = new(incident => incident.Id);

    /// <summary>All that are kept, the newest first.</summary>
    public IReadOnlyList<Incident> All => [.. _incidents.All.OrderByDescending(incident => incident.StartedAt).ThenByDescending(incident => incident.Id)];

    /// <summary>The incidents by number, and what changed about them.</summary>
    public WorkingSet<Incident> Incidents => _incidents;

    /// <summary>Lets the incidents follow what is known.</summary>
    /// <param name="board">What is known.</param>
    public void Follow(Board board)
    {
        ComponentView[] components = [.. board.Components, board.Monitoring];
        foreach (ComponentView component in components.Where(component => component.State.IsBad() && !calendar.Covers(component.Name) && Covering(component.Name) is null))
        {
            _incidents.Keep(Reopen(component) ?? Join(component) ?? Open(component));
        }

        foreach (Incident incident in _incidents.All.Where(incident => incident.IsOpen).ToArray())
        {
            ComponentView[] affected = [.. components.Where(component => incident.Components.Contains(component.Name))];
            if (Advance(incident, affected) is { } advanced)
            {
                _incidents.Keep(advanced);
            }
        }
    }

    private Incident? Advance(Incident before, ComponentView[] affected)
    {
        DateTimeOffset now = time.GetUtcNow();
        string[] strangers = [.. affected.SelectMany(component => component.Faults).Select(fault => fault.Location).Distinct().Except(before.Locations)];
        Incident incident = strangers.Length == 0 ? before : before with { Locations = [.. before.Locations.Concat(strangers).Order(StringComparer.Ordinal)] };
        ComponentView[] bad = [.. affected.Where(component => component.State.IsBad())];
        if (bad.Length == 0)
        {
            // What nobody can see has not recovered.
            bool isWell = affected.Length > 0 && affected.All(component => component.State == ComponentState.Operational);
            return !isWell ? null
                : incident.IsAutomatic ? Resolve(incident, affected.Max(component => component.Since), now)
                : NoteRecovery(incident, affected.Max(component => component.Since), now);
        }

        string text = string.Join("\n", bad.Select(FaultWords.Describe));
        if (incident is { IsAutomatic: true, IsConfirmed: false })
        {
            text = $"{Detected}\n{text}";
        }

        ComponentState impact = Worse(incident.Impact, bad.Max(component => component.State));
        IncidentUpdate? last = incident.Updates.LastOrDefault(update => update.IsAutomatic);
        if (last is not null && (last.Text == text || last.At + UpdateInterval > now || incident.Updates.Count >= MaximumUpdates))
        {
            return impact == incident.Impact && incident == before ? null : incident with { Impact = impact };
        }

        return (incident with { Impact = impact }).With(new IncidentUpdate(now, incident.Status, text, IsAutomatic: true));
    }

    private static Incident Resolve(Incident incident, DateTimeOffset at, DateTimeOffset now)
    {
        DateTimeOffset end = at > incident.StartedAt ? at : incident.StartedAt;
        string text = $"{Well} since {end.UtcDateTime:HH:mm:ss} UTC. Closed automatically after {Words.Duration(end - incident.StartedAt)}.";
        return incident.With(new IncidentUpdate(now, IncidentStatus.Resolved, text, IsAutomatic: true)) with { ResolvedAt = end };
    }

    // A person opened it, so a person ends it; what was measured is told all the same, once.
    private static Incident? NoteRecovery(Incident incident, DateTimeOffset since, DateTimeOffset now)
        => incident.Updates.LastOrDefault(update => update.IsAutomatic) is { } last && !last.Text.StartsWith(Well, StringComparison.Ordinal)
            ? incident.With(new IncidentUpdate(now, incident.Status, $"{Well} since {since.UtcDateTime:HH:mm:ss} UTC.", IsAutomatic: true))
            : null;

    private Incident? Covering(string component)
        => _incidents.All.FirstOrDefault(incident => incident.IsOpen && incident.Components.Contains(component));

    private Incident? Reopen(ComponentView component)
    {
        Incident? before = _incidents.All.LastOrDefault(incident
            => incident is { IsAutomatic: true, MergedInto: null, ResolvedAt: { } end } && end + ReopenWindow > component.Since && incident.Components.Contains(component.Name));
        return before is null ? null : before with { ResolvedAt = null, AcknowledgedAt = null, Status = IncidentStatus.Investigating };
    }

    private Incident? Join(ComponentView component)
    {
        // Silent watchers are another thing than what the others see.
        Incident? open = component.Name == Board.MonitoringName ? null : _incidents.All.LastOrDefault(incident
            => incident is { IsAutomatic: true, IsOpen: true } && incident.StartedAt + JoinWindow > component.Since && !incident.Components.Contains(Board.MonitoringName));
        return open is null ? null : open with { Components = [.. open.Components, component.Name], StartedAt = Earlier(open.StartedAt, component.Since) };
    }

    private Incident Open(ComponentView component) => new(_incidents.NextNumber, FaultWords.Title(component), Later(component.Since, calendar.EndOfLast(component.Name)), [component.Name])
    {
        IsAutomatic = true,
        Impact = component.State,
    };

    private static ComponentState Worse(ComponentState one, ComponentState other) => one > other ? one : other;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other is { } at && at > one ? at : one;
}
