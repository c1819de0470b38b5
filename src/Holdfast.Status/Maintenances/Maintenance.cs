namespace Holdfast.Status.Maintenances;

/// <summary>Where a maintenance is in its life.</summary>
internal enum MaintenanceStatus
{
    /// <summary>It was announced.</summary>
    Scheduled,

    /// <summary>It is going on.</summary>
    InProgress,

    /// <summary>It is over.</summary>
    Completed,

    /// <summary>It will not be.</summary>
    Cancelled,
}

/// <summary>Work that was planned.</summary>
/// <param name="Id">Its number, from 1.</param>
/// <param name="Title">What it is, in a few words.</param>
/// <param name="Components">What may fail meanwhile.</param>
/// <param name="StartsAt">When it begins.</param>
/// <param name="EndsAt">When it ends; once it is over, when it ended.</param>
internal sealed record Maintenance(long Id, string Title, IReadOnlyList<string> Components, DateTimeOffset StartsAt, DateTimeOffset EndsAt)
{
    /// <summary>How long before its start it is announced once more.</summary>
    public static readonly TimeSpan UsualReminder = TimeSpan.FromHours(24);

    /// <summary>Where it is in its life.</summary>
    public MaintenanceStatus Status { get; init; }

    /// <summary>How long before its start it is announced once more.</summary>
    public TimeSpan RemindBefore { get; init; } = UsualReminder;

    /// <summary>Whether that was done.</summary>
    public bool IsReminded { get; init; }

    /// <summary>What was said about it, the oldest first.</summary>
    public IReadOnlyList<MaintenanceUpdate> Updates { get; init; } = [];

    /// <summary>Whether it is still to come, or going on.</summary>
    public bool IsOpen => Status is MaintenanceStatus.Scheduled or MaintenanceStatus.InProgress;

    /// <summary>The same with something more said about it.</summary>
    public Maintenance With(MaintenanceUpdate update) => this with { Status = update.Status, Updates = [.. Updates, update] };
}

/// <summary>Something said about a maintenance.</summary>
/// <param name="At">When.</param>
/// <param name="Status">Where it was then in its life.</param>
/// <param name="Text">What.</param>
internal sealed record MaintenanceUpdate(DateTimeOffset At, MaintenanceStatus Status, string Text);
