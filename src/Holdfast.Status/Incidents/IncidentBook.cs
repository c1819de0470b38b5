using Holdfast.Status.Judgement;

namespace Holdfast.Status.Incidents;

/// <summary>
/// The incidents, and their life by itself: one opens when a component turns bad, tells what is found, ends when all that it affects is well, and is
/// opened again when the same comes back soon. Pure; used by one thread at a time.
/// </summary>
internal sealed class IncidentBook(TimeProvider time)
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

    private readonly SortedDictionary<long, Incident> _incidents = [];

    /// <summary>All that are kept, the newest first.</summary>
    public IReadOnlyList<Incident> All => [.. _incidents.Values.OrderByDescending(incident => incident.StartedAt).ThenByDescending(incident => incident.Id)];

    /// <summary>Takes incidents from the store; one that is known is replaced.</summary>
    public void Restore(IEnumerable<Incident> incidents)
    {
        foreach (Incident incident in incidents)
        {
            _incidents[incident.Id] = incident;
        }
    }

    /// <summary>Lets the incidents follow what is known.</summary>
    /// <param name="board">What is known.</param>
    /// <returns>The incidents that changed.</returns>
    public IReadOnlyList<Incident> Follow(Board board)
    {
        var changed = new SortedDictionary<long, Incident>();
        ComponentView[] components = [.. board.Components, board.Monitoring];
        foreach (ComponentView component in components.Where(component => component.State.IsBad() && Covering(component.Name) is null))
        {
            Keep(Reopen(component) ?? Join(component) ?? Open(component), changed);
        }

        foreach (Incident incident in _incidents.Values.Where(incident => incident is { IsAutomatic: true, IsOpen: true }).ToArray())
        {
            ComponentView[] affected = [.. components.Where(component => incident.Components.Contains(component.Name))];
            if (Advance(incident, affected) is { } advanced)
            {
                Keep(advanced, changed);
            }
        }

        return [.. changed.Values];
    }

    private Incident? Advance(Incident incident, ComponentView[] affected)
    {
        DateTimeOffset now = time.GetUtcNow();
        ComponentView[] bad = [.. affected.Where(component => component.State.IsBad())];
        if (bad.Length == 0)
        {
            // What nobody can see has not recovered.
            return affected.Length > 0 && affected.All(component => component.State == ComponentState.Operational)
                ? Resolve(incident, affected.Max(component => component.Since), now)
                : null;
        }

        string text = string.Join("\n", bad.Select(FaultWords.Describe));
        if (!incident.IsConfirmed)
        {
            text = $"{Detected}\n{text}";
        }

        ComponentState impact = Worse(incident.Impact, bad.Max(component => component.State));
        IncidentUpdate? last = incident.Updates.LastOrDefault(update => update.IsAutomatic);
        if (last is not null && (last.Text == text || last.At + UpdateInterval > now || incident.Updates.Count >= MaximumUpdates))
        {
            return impact == incident.Impact ? null : incident with { Impact = impact };
        }

        return (incident with { Impact = impact }).With(new IncidentUpdate(now, incident.Status, text, IsAutomatic: true));
    }

    private static Incident Resolve(Incident incident, DateTimeOffset at, DateTimeOffset now)
    {
        DateTimeOffset end = at > incident.StartedAt ? at : incident.StartedAt;
        string text = $"The watchers find everything well again since {end.UtcDateTime:HH:mm:ss} UTC. Closed automatically after {Words.Duration(end - incident.StartedAt)}.";
        return incident.With(new IncidentUpdate(now, IncidentStatus.Resolved, text, IsAutomatic: true)) with { ResolvedAt = end };
    }

    private Incident? Covering(string component)
        => _incidents.Values.FirstOrDefault(incident => incident is { IsAutomatic: true, IsOpen: true } && incident.Components.Contains(component));

    private Incident? Reopen(ComponentView component)
    {
        Incident? before = _incidents.Values.LastOrDefault(incident
            => incident is { IsAutomatic: true, ResolvedAt: { } end } && end + ReopenWindow > component.Since && incident.Components.Contains(component.Name));
        return before is null ? null : before with { ResolvedAt = null, Status = IncidentStatus.Investigating };
    }

    private Incident? Join(ComponentView component)
    {
        // Silent watchers are another thing than what the others see.
        Incident? open = component.Name == Board.MonitoringName ? null : _incidents.Values.LastOrDefault(incident
            => incident is { IsAutomatic: true, IsOpen: true } && incident.StartedAt + JoinWindow > component.Since && !incident.Components.Contains(Board.MonitoringName));
        return open is null ? null : open with { Components = [.. open.Components, component.Name], StartedAt = Earlier(open.StartedAt, component.Since) };
    }

    private Incident Open(ComponentView component) => new(NextId(), FaultWords.Title(component), component.Since, [component.Name])
    {
        IsAutomatic = true,
        Impact = component.State,
    };

    private long NextId() => _incidents.Count == 0 ? 1 : _incidents.Keys.Last() + 1;

    private void Keep(Incident incident, SortedDictionary<long, Incident> changed) => _incidents[incident.Id] = changed[incident.Id] = incident;

    private static ComponentState Worse(ComponentState one, ComponentState other) => one > other ? one : other;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
