using System.Globalization;
using Holdfast.Status.Incidents;
using Holdfast.Status.Managing;
using Holdfast.Status.Notifying;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Operating;

/// <summary>What the forms of the operator's pages do.</summary>
internal sealed class OperatorActions(StatusDesk desk, Subscriptions subscriptions)
{
    /// <summary>Does what a form asks for.</summary>
    /// <param name="who">The operator.</param>
    /// <param name="path">Where the form was sent to, below the operator's pages.</param>
    /// <param name="form">Its fields.</param>
    /// <returns>Where to go on, and what to say there.</returns>
    /// <exception cref="EditException">It was not done.</exception>
    public (string Next, string Said) Do(string who, string[] path, FormFields form)
    {
        switch (path)
        {
            case ["incidents"]:
                Incident opened = Edit(who, "open incident", editor => editor.Open(ReadIncident(form)));
                return ($"incidents/{opened.Id}", "The incident is open.");
            case ["incidents", var id, var action]:
                return DoIncident(who, Number(id), action, form);
            case ["maintenances"]:
                desk.Schedule(who, ReadMaintenance(form));
                return ("", "The maintenance is scheduled.");
            case ["maintenances", var id]:
                desk.ChangeMaintenance(who, Number(id), ReadMaintenance(form));
                return ("", "The maintenance is changed.");
            case ["announcements"]:
                desk.Announce(who, new AnnouncementRequest { Title = form.Text("title"), Text = form.Text("text"), Until = form.Time("until") });
                return ("", "The announcement is published.");
            case ["announcements", var id, "withdraw"]:
                desk.Withdraw(who, Number(id));
                return ("", "The announcement is withdrawn.");
            case ["subscribers"]:
                Subscriber subscriber = subscriptions.Add(who, new SubscriptionRequest
                {
                    Channel = form.Text("channel"),
                    Address = form.Text("address"),
                    Components = form.Names("components"),
                    Locations = form.Names("locations"),
                });
                return ("subscribers", subscriber.IsConfirmed ? "The subscriber is added. The secret of a webhook is shown by 'holdfast status subscriber add' only." : "The mailbox was asked to confirm.");
            case ["subscribers", var id, "remove"]:
                desk.RemoveSubscriber(who, id);
                return ("subscribers", "The subscriber is removed.");
            default:
                throw new EditException(EditProblem.Missing, "Nothing is here.");
        }
    }

    private (string Next, string Said) DoIncident(string who, long id, string action, FormFields form)
    {
        Incident incident = action switch
        {
            "update" => Edit(who, "update incident", editor => editor.Update(id, ReadIncident(form))),
            "correct" => Edit(who, "correct incident", editor => editor.Correct(id, ReadIncident(form))),
            "confirm" => Edit(who, "confirm incident", editor => editor.Confirm(id)),
            "acknowledge" => Edit(who, "acknowledge incident", editor => editor.Acknowledge(id)),
            "merge" => Edit(who, "merge incident", editor => editor.Merge(id, new MergeRequest { Into = form.Number("into") })),
            "postmortem" => Edit(who, "write postmortem", editor => editor.Write(id, new PostmortemRequest { Text = form.Text("text"), Publish = form.IsTicked("publish") })),
            _ => throw new EditException(EditProblem.Missing, "Nothing is here."),
        };
        return ($"incidents/{incident.Id}", "Done.");
    }

    private Incident Edit(string who, string action, Func<IncidentEditor, Incident> edit) => desk.Edit(who, action, editors =>
    {
        Incident incident = edit(editors.Incidents);
        return (incident, $"{incident.Id} {incident.Title}");
    });

    private static long Number(string text)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : throw new EditException(EditProblem.Missing, "Nothing is here.");

    private static IncidentRequest ReadIncident(FormFields form) => new()
    {
        Title = form.Text("title"),
        Status = form.Text("status"),
        Impact = form.Text("impact"),
        Components = form.Names("components"),
        Text = form.Text("text"),
        StartedAt = form.Time("startedAt"),
        ResolvedAt = form.Time("resolvedAt"),
    };

    private static MaintenanceRequest ReadMaintenance(FormFields form) => new()
    {
        Title = form.Text("title"),
        Components = form.Names("components"),
        StartsAt = form.Time("startsAt"),
        EndsAt = form.Time("endsAt"),
        Status = form.Text("status"),
        Text = form.Text("text"),
    };
}
