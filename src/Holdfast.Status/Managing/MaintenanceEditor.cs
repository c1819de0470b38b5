using Holdfast.Status.Maintenances;

namespace Holdfast.Status.Managing;

/// <summary>What people do to the calendar.</summary>
/// <param name="calendar">The calendar.</param>
/// <param name="known">The names of all components.</param>
/// <param name="time">The clock.</param>
internal sealed class MaintenanceEditor(MaintenanceCalendar calendar, IReadOnlyCollection<string> known, TimeProvider time)
{
    /// <summary>So many may be open at the same time.</summary>
    public const int MaximumOpen = 100;

    /// <summary>So much may be said about one.</summary>
    public const int MaximumUpdates = 200;

    /// <summary>None lasts longer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>Plans a maintenance.</summary>
    public Maintenance Schedule(MaintenanceRequest request)
    {
        if (calendar.All.Count(maintenance => maintenance.IsOpen) >= MaximumOpen)
        {
            throw new EditException(EditProblem.Conflict, $"{MaximumOpen} maintenances are open, the most that there may be. End or cancel one.");
        }

        DateTimeOffset now = time.GetUtcNow();
        var maintenance = new Maintenance(
            calendar.Maintenances.NextNumber,
            Input.Title(request.Title),
            Input.Components(request.Components, known),
            request.StartsAt ?? throw Input.Invalid("startsAt: when it begins."),
            request.EndsAt ?? throw Input.Invalid("endsAt: when it ends."))
        {
            RemindBefore = Reminder(request.RemindMinutes) ?? Maintenance.UsualReminder,
        };
        Check(maintenance, now);

        // What begins so soon is announced now; saying it again at once would be noise.
        return Keep(maintenance.With(new MaintenanceUpdate(now, MaintenanceStatus.Scheduled, Input.Text(request.Text, "text"))) with
        {
            IsReminded = now >= maintenance.StartsAt - maintenance.RemindBefore,
        });
    }

    /// <summary>Changes a maintenance that is not over, and says something about it.</summary>
    public Maintenance Update(long id, MaintenanceRequest request)
    {
        Maintenance maintenance = calendar.Maintenances.Find(id) ?? throw new EditException(EditProblem.Missing, $"There is no maintenance {id}.");
        if (!maintenance.IsOpen)
        {
            throw new EditException(EditProblem.Conflict, $"Maintenance {id} is over.");
        }

        if (maintenance.Updates.Count >= MaximumUpdates)
        {
            throw new EditException(EditProblem.Conflict, $"Maintenance {id} has {MaximumUpdates} updates, the most that are kept. End it, and plan another.");
        }

        DateTimeOffset now = time.GetUtcNow();
        MaintenanceStatus status = Status(request.Status, maintenance.Status);
        Maintenance next = maintenance with
        {
            Title = request.Title is null ? maintenance.Title : Input.Title(request.Title),
            Components = request.Components is null ? maintenance.Components : Input.Components(request.Components, known),
            StartsAt = status == MaintenanceStatus.InProgress && maintenance.Status == MaintenanceStatus.Scheduled ? now : request.StartsAt ?? maintenance.StartsAt,
            EndsAt = status == MaintenanceStatus.Completed ? now : request.EndsAt ?? maintenance.EndsAt,
            RemindBefore = Reminder(request.RemindMinutes) ?? maintenance.RemindBefore,
        };
        if (status is MaintenanceStatus.Scheduled or MaintenanceStatus.InProgress)
        {
            Check(next, now);
        }

        bool isMoved = next.StartsAt > maintenance.StartsAt;
        return Keep(next.With(new MaintenanceUpdate(now, status, Input.Text(request.Text ?? Say(status, maintenance.Status), "text"))) with { IsReminded = maintenance.IsReminded && !isMoved });
    }

    private static TimeSpan? Reminder(int? minutes) => minutes switch
    {
        null => null,
        >= 0 and <= 20_160 => TimeSpan.FromMinutes(minutes.Value),
        _ => throw Input.Invalid("remindMinutes: from 0 to 20,160 (14 days)."),
    };

    private static void Check(Maintenance maintenance, DateTimeOffset now)
    {
        if (maintenance.EndsAt <= maintenance.StartsAt || maintenance.EndsAt <= now || maintenance.EndsAt - maintenance.StartsAt > Longest)
        {
            throw Input.Invalid($"endsAt: after the start and in the future, at most {Longest.TotalDays} days after the start.");
        }
    }

    private static MaintenanceStatus Status(string? text, MaintenanceStatus before) => (text, before) switch
    {
        (null or "", _) => before,
        ("in_progress", _) => MaintenanceStatus.InProgress,
        ("completed", MaintenanceStatus.InProgress) => MaintenanceStatus.Completed,
        ("completed", _) => throw new EditException(EditProblem.Conflict, "It has not begun; cancel it."),
        ("cancelled", MaintenanceStatus.Scheduled) => MaintenanceStatus.Cancelled,
        ("cancelled", _) => throw new EditException(EditProblem.Conflict, "It has begun; end it with 'completed'."),
        _ => throw Input.Invalid("status: in_progress, completed or cancelled."),
    };

    private static string Say(MaintenanceStatus status, MaintenanceStatus before) => status == before ? "The plan has changed." : status switch
    {
        MaintenanceStatus.InProgress => "The maintenance has begun.",
        MaintenanceStatus.Completed => "The maintenance is over.",
        _ => "The maintenance was cancelled.",
    };

    private Maintenance Keep(Maintenance maintenance) => calendar.Maintenances.Keep(maintenance);
}
