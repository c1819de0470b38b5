namespace Holdfast.Status.Storage;

/// <summary>Something that a person did.</summary>
/// <param name="At">When.</param>
/// <param name="Who">Who: an operator, or the holder of the administrator's token.</param>
/// <param name="Action">What.</param>
/// <param name="Subject">To what.</param>
internal sealed record AuditEntry(DateTimeOffset At, string Who, string Action, string Subject);

/// <summary>What people did. Nothing changes an entry.</summary>
internal sealed class AuditTable(Database database)
{
    /// <summary>The newest entries, the newest first.</summary>
    public List<AuditEntry> Newest(int count) => database.Query(
        "SELECT at, who, action, subject FROM audit ORDER BY id DESC LIMIT $1",
        row => new AuditEntry(Times.From(row.GetInt64(0)), row.GetString(1), row.GetString(2), row.GetString(3)),
        count);

    /// <summary>Adds an entry.</summary>
    public void Add(AuditEntry entry)
        => database.Execute("INSERT INTO audit(at, who, action, subject) VALUES ($1, $2, $3, $4)", entry.At.ToUnixTimeMilliseconds(), entry.Who, entry.Action, entry.Subject);

    /// <summary>Removes what is too old.</summary>
    public void Trim(DateTimeOffset now)
        => database.Execute("DELETE FROM audit WHERE at < $1", (now - HistoryTables.Retention).ToUnixTimeMilliseconds());
}
