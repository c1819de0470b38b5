using System.Text.Json;
using Holdfast.Status.Announcements;
using Holdfast.Status.Maintenances;

namespace Holdfast.Status.Storage;

/// <summary>What people plan and say: maintenances and announcements.</summary>
internal sealed class PlanTables(Database database)
{
    /// <summary>All maintenances that are kept.</summary>
    public List<Maintenance> Maintenances()
    {
        ILookup<long, MaintenanceUpdate> updates = database.Query(
            "SELECT maintenance, at, status, text FROM maintenance_updates ORDER BY maintenance, number",
            row => (Maintenance: row.GetInt64(0), Update: new MaintenanceUpdate(Times.From(row.GetInt64(1)), (MaintenanceStatus)row.GetInt32(2), row.GetString(3))))
            .ToLookup(row => row.Maintenance, row => row.Update);
        return database.Query(
            "SELECT id, title, components, starts_at, ends_at, remind_before, status, reminded FROM maintenances ORDER BY id",
            row => new Maintenance(row.GetInt64(0), row.GetString(1), JsonSerializer.Deserialize<string[]>(row.GetString(2))!, Times.From(row.GetInt64(3)), Times.From(row.GetInt64(4)))
            {
                RemindBefore = TimeSpan.FromMilliseconds(row.GetInt64(5)),
                Status = (MaintenanceStatus)row.GetInt32(6),
                IsReminded = row.GetBoolean(7),
                Updates = [.. updates[row.GetInt64(0)]],
            });
    }

    /// <summary>Adds a maintenance, or replaces what is kept of it.</summary>
    public void Keep(Maintenance maintenance)
    {
        database.Execute(
            """
            INSERT INTO maintenances VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT(id) DO UPDATE SET title = $2, components = $3, starts_at = $4, ends_at = $5, remind_before = $6, status = $7, reminded = $8
            """,
            maintenance.Id,
            maintenance.Title,
            JsonSerializer.Serialize(maintenance.Components),
            maintenance.StartsAt.ToUnixTimeMilliseconds(),
            maintenance.EndsAt.ToUnixTimeMilliseconds(),
            (long)maintenance.RemindBefore.TotalMilliseconds,
            (int)maintenance.Status,
            maintenance.IsReminded);
        for (int number = 0; number < maintenance.Updates.Count; number++)
        {
            MaintenanceUpdate update = maintenance.Updates[number];
            database.Execute(
                "INSERT INTO maintenance_updates VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                maintenance.Id, number, update.At.ToUnixTimeMilliseconds(), (int)update.Status, update.Text);
        }
    }

    /// <summary>All announcements that are kept, the newest first.</summary>
    public List<Announcement> Announcements() => database.Query(
        "SELECT id, title, text, at, until FROM announcements ORDER BY at DESC, id DESC",
        row => new Announcement(row.GetInt64(0), row.GetString(1), row.GetString(2), Times.From(row.GetInt64(3)), row.IsDBNull(4) ? null : Times.From(row.GetInt64(4))));

    /// <summary>Adds an announcement.</summary>
    /// <returns>It, with its number.</returns>
    public Announcement Add(Announcement announcement) => announcement with
    {
        Id = database.Query(
            "INSERT INTO announcements(title, text, at, until) VALUES ($1, $2, $3, $4) RETURNING id",
            row => row.GetInt64(0),
            announcement.Title, announcement.Text, announcement.At.ToUnixTimeMilliseconds(), announcement.Until?.ToUnixTimeMilliseconds()).Single(),
    };

    /// <summary>Removes an announcement.</summary>
    /// <returns>Whether there was one.</returns>
    public bool RemoveAnnouncement(long id) => database.Execute("DELETE FROM announcements WHERE id = $1", id) == 1;

    /// <summary>Removes what is too old.</summary>
    public void Trim(DateTimeOffset now)
    {
        long before = (now - HistoryTables.Retention).ToUnixTimeMilliseconds();
        database.Execute("DELETE FROM maintenances WHERE ends_at < $1", before);
        database.Execute("DELETE FROM announcements WHERE at < $1", before);
    }
}
