using Holdfast.Status.Storage;

namespace Holdfast.Status.Maintenances;

/// <summary>What was planned, and how it goes on by itself: it is announced once more before it starts, starts, and ends. Pure; used by one thread at a time.</summary>
internal sealed class MaintenanceCalendar(TimeProvider time)
{
    /// <summary>What was under maintenance is given so long to be found well again.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly WorkingSet<Maintenance> _maintenances = new(maintenance => maintenance.Id);

    /// <summary>All, the one that starts first first.</summary>
    public IReadOnlyList<Maintenance> All => [.. _maintenances.All.OrderBy(maintenance => maintenance.StartsAt).ThenBy(maintenance => maintenance.Id)];

    /// <summary>The maintenances by number, and what changed about them.</summary>
    public WorkingSet<Maintenance> Maintenances => _maintenances;

    /// <summary>Whether a component is being worked on, so that what it does is no incident.</summary>
    public bool Covers(string component)
    {
        DateTimeOffset now = time.GetUtcNow();
        return _maintenances.All.Any(maintenance => maintenance.Components.Contains(component)
            && (maintenance.Status == MaintenanceStatus.InProgress || (maintenance.Status == MaintenanceStatus.Completed && maintenance.EndsAt + Grace > now)));
    }

    /// <summary>When the last maintenance of a component ended, or null.</summary>
    public DateTimeOffset? EndOfLast(string component) => _maintenances.All
        .Where(maintenance => maintenance.Status == MaintenanceStatus.Completed && maintenance.Components.Contains(component))
        .Max(maintenance => (DateTimeOffset?)maintenance.EndsAt);

    /// <summary>Goes on to now.</summary>
    public void Advance()
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach (Maintenance maintenance in _maintenances.All.Where(maintenance => maintenance.IsOpen).ToArray())
        {
            Maintenance advanced = Advance(maintenance, now);
            if (advanced != maintenance)
            {
                _maintenances.Keep(advanced);
            }
        }
    }

    private static Maintenance Advance(Maintenance maintenance, DateTimeOffset now)
    {
        if (maintenance.Status == MaintenanceStatus.Scheduled && now >= maintenance.StartsAt)
        {
            maintenance = maintenance.With(new MaintenanceUpdate(now, MaintenanceStatus.InProgress, "The maintenance has begun.")) with { IsReminded = true };
        }

        if (maintenance.Status == MaintenanceStatus.InProgress && now >= maintenance.EndsAt)
        {
            return maintenance.With(new MaintenanceUpdate(now, MaintenanceStatus.Completed, "The maintenance is over."));
        }

        return !maintenance.IsReminded && now >= maintenance.StartsAt - maintenance.RemindBefore
            ? maintenance.With(new MaintenanceUpdate(now, maintenance.Status, $"The maintenance begins in {Words.Duration(maintenance.StartsAt - now)}.")) with { IsReminded = true }
            : maintenance;
    }
}
