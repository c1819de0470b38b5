using System.Text.Json;
using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;

namespace Holdfast.Status.Storage;

/// <summary>What was judged: the changes of each component, and the incidents.</summary>
internal sealed class HistoryTables(Database database)
{
    /// <summary>So long both are kept: a year and a month, so that a year can be reported.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromDays(396);

    /// <summary>All changes that are kept, the oldest of a component first.</summary>
    public List<StateChange> Changes() => database.Query(
        "SELECT component, at, state FROM changes ORDER BY component, at, rowid",
        row => new StateChange(row.GetString(0), Times.From(row.GetInt64(1)), (ComponentState)row.GetInt32(2)));

    /// <summary>Adds a change.</summary>
    public void Add(StateChange change)
        => database.Execute("INSERT INTO changes VALUES ($1, $2, $3)", change.Component, change.At.ToUnixTimeMilliseconds(), (int)change.State);

    /// <summary>All incidents that are kept.</summary>
    public List<Incident> Incidents()
    {
        ILookup<long, IncidentUpdate> updates = database.Query(
            "SELECT incident, at, status, text, automatic FROM updates ORDER BY incident, number",
            row => (Incident: row.GetInt64(0), Update: new IncidentUpdate(Times.From(row.GetInt64(1)), (IncidentStatus)row.GetInt32(2), row.GetString(3), row.GetBoolean(4))))
            .ToLookup(row => row.Incident, row => row.Update);
        return database.Query(
            "SELECT id, title, started_at, resolved_at, status, impact, automatic, confirmed, components, merged_into, acknowledged_at, postmortem, postmortem_at, locations FROM incidents ORDER BY id",
            row => new Incident(row.GetInt64(0), row.GetString(1), Times.From(row.GetInt64(2)), JsonSerializer.Deserialize<string[]>(row.GetString(8))!)
            {
                ResolvedAt = row.IsDBNull(3) ? null : Times.From(row.GetInt64(3)),
                Status = (IncidentStatus)row.GetInt32(4),
                Impact = (ComponentState)row.GetInt32(5),
                IsAutomatic = row.GetBoolean(6),
                IsConfirmed = row.GetBoolean(7),
                MergedInto = row.IsDBNull(9) ? null : row.GetInt64(9),
                AcknowledgedAt = row.IsDBNull(10) ? null : Times.From(row.GetInt64(10)),
                Postmortem = row.GetString(11),
                PostmortemAt = row.IsDBNull(12) ? null : Times.From(row.GetInt64(12)),
                Locations = JsonSerializer.Deserialize<string[]>(row.GetString(13))!,
                Updates = [.. updates[row.GetInt64(0)]],
            });
    }

    /// <summary>Adds an incident, or replaces what is kept of it.</summary>
    public void Keep(Incident incident)
    {
        database.Execute(
            """
            INSERT INTO incidents VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT(id) DO UPDATE SET title = $2, started_at = $3, resolved_at = $4, status = $5, impact = $6, automatic = $7, confirmed = $8, components = $9,
                merged_into = $10, acknowledged_at = $11, postmortem = $12, postmortem_at = $13, locations = $14
            """,
            incident.Id,
            incident.Title,
            incident.StartedAt.ToUnixTimeMilliseconds(),
            incident.ResolvedAt?.ToUnixTimeMilliseconds(),
            (int)incident.Status,
            (int)incident.Impact,
            incident.IsAutomatic,
            incident.IsConfirmed,
            JsonSerializer.Serialize(incident.Components),
            incident.MergedInto,
            incident.AcknowledgedAt?.ToUnixTimeMilliseconds(),
            incident.Postmortem,
            incident.PostmortemAt?.ToUnixTimeMilliseconds(),
            JsonSerializer.Serialize(incident.Locations));
        for (int number = 0; number < incident.Updates.Count; number++)
        {
            IncidentUpdate update = incident.Updates[number];
            database.Execute(
                "INSERT INTO updates VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                incident.Id, number, update.At.ToUnixTimeMilliseconds(), (int)update.Status, update.Text, update.IsAutomatic);
        }
    }

    /// <summary>Until when the page is known to have judged; null before its first start.</summary>
    public DateTimeOffset? AliveUntil() => database.Query("SELECT at FROM alive", row => (DateTimeOffset?)Times.From(row.GetInt64(0))).SingleOrDefault();

    /// <summary>Notes that the page judges, so that the time when it did not can be told after a crash.</summary>
    public void NoteAlive(DateTimeOffset now)
        => database.Execute("INSERT INTO alive VALUES (1, $1) ON CONFLICT(only) DO UPDATE SET at = $1", now.ToUnixTimeMilliseconds());

    /// <summary>Removes what is too old; of each component the change that was in force then stays.</summary>
    public void Trim(DateTimeOffset now)
    {
        long before = (now - Retention).ToUnixTimeMilliseconds();
        database.Execute(
            "DELETE FROM changes WHERE at < $1 AND EXISTS (SELECT 1 FROM changes later WHERE later.component = changes.component AND later.at > changes.at AND later.at < $1)",
            before);
        database.Execute("DELETE FROM incidents WHERE resolved_at < $1", before);
    }
}
