using Holdfast.Status.Judgement;

namespace Holdfast.Status.Incidents;

/// <summary>Where an incident is in its life.</summary>
internal enum IncidentStatus
{
    /// <summary>It is known that something is wrong.</summary>
    Investigating,

    /// <summary>It is known what.</summary>
    Identified,

    /// <summary>It was repaired and is being watched.</summary>
    Monitoring,

    /// <summary>It is over.</summary>
    Resolved,

    /// <summary>It is over, and what was learnt from it is published.</summary>
    Postmortem,
}

/// <summary>An incident.</summary>
/// <param name="Id">Its number, from 1.</param>
/// <param name="Title">What it is, in a few words.</param>
/// <param name="StartedAt">Since when, by the first measurement that showed it.</param>
/// <param name="Components">What it affects, or has affected.</param>
internal sealed record Incident(long Id, string Title, DateTimeOffset StartedAt, IReadOnlyList<string> Components)
{
    /// <summary>Where it is in its life.</summary>
    public IncidentStatus Status { get; init; }

    /// <summary>The worst state of any of its components so far.</summary>
    public ComponentState Impact { get; init; }

    /// <summary>Whether it was opened by measurement, and so ends by measurement.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>Whether a person has looked at it.</summary>
    public bool IsConfirmed { get; init; }

    /// <summary>Where it was seen from, by measurement.</summary>
    public IReadOnlyList<string> Locations { get; init; } = [];

    /// <summary>When it was over, or null.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>What was said about it, the oldest first.</summary>
    public IReadOnlyList<IncidentUpdate> Updates { get; init; } = [];

    /// <summary>When a person took it on, which ends the alerts; or null.</summary>
    public DateTimeOffset? AcknowledgedAt { get; init; }

    /// <summary>The incident that it became a part of, or null. One that is merged is shown no more.</summary>
    public long? MergedInto { get; init; }

    /// <summary>What was learnt from it, in Markdown; empty when nothing is written yet.</summary>
    public string Postmortem { get; init; } = "";

    /// <summary>When <see cref="Postmortem"/> was published, or null.</summary>
    public DateTimeOffset? PostmortemAt { get; init; }

    /// <summary>Whether it is not over.</summary>
    public bool IsOpen => ResolvedAt is null;

    /// <summary>When something was last said about it.</summary>
    public DateTimeOffset UpdatedAt => Updates.Count > 0 ? Updates[^1].At : StartedAt;

    /// <summary>How long it lasted, or lasts already.</summary>
    public TimeSpan Duration(DateTimeOffset now) => (ResolvedAt ?? now) - StartedAt;

    /// <summary>The same incident with something more said about it.</summary>
    public Incident With(IncidentUpdate update) => this with { Status = update.Status, Updates = [.. Updates, update] };
}

/// <summary>Something said about an incident.</summary>
/// <param name="At">When.</param>
/// <param name="Status">Where the incident was then in its life.</param>
/// <param name="Text">What.</param>
/// <param name="IsAutomatic">Whether the measurement says it, not a person.</param>
internal sealed record IncidentUpdate(DateTimeOffset At, IncidentStatus Status, string Text, bool IsAutomatic);
