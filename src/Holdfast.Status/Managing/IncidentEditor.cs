using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;

namespace Holdfast.Status.Managing;

/// <summary>What people do to incidents. They may say what they know; what is measured they cannot unsay: an incident does not end while one of its components is found bad.</summary>
/// <param name="book">The incidents.</param>
/// <param name="board">What is known.</param>
/// <param name="known">The names of all components.</param>
/// <param name="time">The clock.</param>
internal sealed class IncidentEditor(IncidentBook book, Board board, IReadOnlyCollection<string> known, TimeProvider time)
{
    /// <summary>So many updates an incident may have.</summary>
    public const int MaximumUpdates = 500;

    /// <summary>Marks what a postmortem's author has still to write.</summary>
    public const string Unwritten = "(to be written)";

    /// <summary>Opens an incident.</summary>
    public Incident Open(IncidentRequest request)
    {
        DateTimeOffset now = time.GetUtcNow();
        IncidentStatus status = Input.Status(request.Status) ?? IncidentStatus.Investigating;
        var incident = new Incident(book.Incidents.NextNumber, Input.Title(request.Title), Started(request.StartedAt, now), Input.Components(request.Components, known))
        {
            Impact = Input.Impact(request.Impact) ?? ComponentState.Degraded,
            IsConfirmed = true,
            AcknowledgedAt = now,
        };
        return Say(incident, status, Input.Text(request.Text, "text"));
    }

    /// <summary>Says something about an incident, and moves it on in its life when a status is given.</summary>
    public Incident Update(long id, IncidentRequest request)
    {
        Incident incident = Get(id);
        IncidentStatus status = Input.Status(request.Status) ?? incident.Status;
        if (!incident.IsOpen && status < IncidentStatus.Resolved)
        {
            // What is over and comes back is opened again under its own number, so that its story stays one; and a person ends it.
            incident = incident with { ResolvedAt = null, IsAutomatic = false, IsConfirmed = true };
        }

        return Say(Acknowledge(incident), status, Input.Text(request.Text, "text"));
    }

    /// <summary>Corrects what is kept of an incident. What was said stays.</summary>
    public Incident Correct(long id, IncidentRequest request)
    {
        Incident incident = Acknowledge(Get(id));
        DateTimeOffset now = time.GetUtcNow();
        if (request.Status is not null || request.Text is not null)
        {
            throw Input.Invalid("status and text: say them in an update, so that what was said before stays.");
        }

        if (request.ResolvedAt is { } end && (incident.IsOpen || end < (request.StartedAt ?? incident.StartedAt) || end > now))
        {
            throw Input.Invalid("resolvedAt: only of what is over, after its start and not in the future.");
        }

        return Keep(incident with
        {
            Title = request.Title is null ? incident.Title : Input.Title(request.Title),
            Impact = Input.Impact(request.Impact) ?? incident.Impact,
            Components = request.Components is null ? incident.Components : Input.Components(request.Components, known),
            StartedAt = Started(request.StartedAt ?? incident.StartedAt, incident.ResolvedAt ?? now),
            ResolvedAt = request.ResolvedAt ?? incident.ResolvedAt,
        });
    }

    /// <summary>Says that a person has seen that it is so.</summary>
    public Incident Confirm(long id)
    {
        Incident incident = Acknowledge(Get(id));
        return incident.IsConfirmed ? Keep(incident) : Say(incident with { IsConfirmed = true }, incident.Status, "Confirmed.");
    }

    /// <summary>Says that a person looks after it; the alerts end.</summary>
    public Incident Acknowledge(long id) => Keep(Acknowledge(Get(id)));

    /// <summary>Makes an incident a part of another, which takes over what it affects.</summary>
    /// <returns>The other.</returns>
    public Incident Merge(long id, MergeRequest request)
    {
        Incident incident = Get(id);
        Incident into = Get(request.Into);
        if (id == request.Into)
        {
            throw Input.Invalid("into: another incident.");
        }

        if (incident.IsOpen && !into.IsOpen)
        {
            throw new EditException(EditProblem.Conflict, $"Incident {into.Id} is over and {id} is not; merge {into.Id} into {id}.");
        }

        DateTimeOffset now = time.GetUtcNow();
        Keep(incident.With(new IncidentUpdate(now, IncidentStatus.Resolved, $"Merged into incident {into.Id}.", IsAutomatic: false)) with
        {
            MergedInto = into.Id,
            ResolvedAt = incident.ResolvedAt ?? now,
        });
        return Say(
            Acknowledge(into) with
            {
                Components = [.. into.Components.Union(incident.Components)],
                StartedAt = incident.StartedAt < into.StartedAt ? incident.StartedAt : into.StartedAt,
                Impact = incident.Impact > into.Impact ? incident.Impact : into.Impact,
            },
            into.Status,
            $"This incident now includes “{incident.Title}”.");
    }

    /// <summary>Keeps a postmortem, and publishes it when that is asked for.</summary>
    public Incident Write(long id, PostmortemRequest request)
    {
        Incident incident = Get(id);
        string text = Input.Text(request.Text, "text", Input.MaximumDocument);
        if (!request.Publish)
        {
            return Keep(incident with { Postmortem = text });
        }

        if (incident.IsOpen)
        {
            throw new EditException(EditProblem.Conflict, $"Incident {id} is not over; its postmortem can be kept, but not published.");
        }

        if (text.Contains(Unwritten, StringComparison.Ordinal))
        {
            throw new EditException(EditProblem.Conflict, $"The postmortem still says “{Unwritten}” somewhere; write what belongs there, or remove the section.");
        }

        incident = incident with { Postmortem = text };
        return incident.PostmortemAt is not null
            ? Keep(incident)
            : Keep(incident.With(new IncidentUpdate(time.GetUtcNow(), IncidentStatus.Postmortem, "The postmortem is published.", IsAutomatic: false)) with { PostmortemAt = time.GetUtcNow() });
    }

    private static DateTimeOffset Started(DateTimeOffset? at, DateTimeOffset limit)
        => at is null ? limit : at <= limit ? at.Value : throw Input.Invalid("startedAt: not in the future, and not after the end.");

    private Incident Get(long id) => book.Incidents.Find(id) switch
    {
        null => throw new EditException(EditProblem.Missing, $"There is no incident {id}."),
        { MergedInto: { } other } => throw new EditException(EditProblem.Conflict, $"Incident {id} is a part of {other} now."),
        { } incident => incident,
    };

    private Incident Acknowledge(Incident incident) => incident.AcknowledgedAt is null ? incident with { AcknowledgedAt = time.GetUtcNow() } : incident;

    private Incident Say(Incident incident, IncidentStatus status, string text)
    {
        if (incident.Updates.Count >= MaximumUpdates)
        {
            throw new EditException(EditProblem.Conflict, $"Incident {incident.Id} has {MaximumUpdates} updates, the most that are kept. Open another.");
        }

        DateTimeOffset now = time.GetUtcNow();
        if (status == IncidentStatus.Resolved && incident.IsOpen)
        {
            string[] bad = [.. board.Components.Append(board.Monitoring).Where(component => component.State.IsBad() && incident.Components.Contains(component.Name)).Select(component => component.Name)];
            if (bad.Length > 0)
            {
                throw new EditException(EditProblem.Conflict, $"The watchers still find {string.Join(", ", bad)} bad; the incident can end when they do not.");
            }
        }

        return Keep(incident.With(new IncidentUpdate(now, status, text, IsAutomatic: false)) with
        {
            ResolvedAt = status >= IncidentStatus.Resolved ? incident.ResolvedAt ?? now : incident.ResolvedAt,
        });
    }

    private Incident Keep(Incident incident) => book.Incidents.Keep(incident);
}
