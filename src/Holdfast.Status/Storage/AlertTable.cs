namespace Holdfast.Status.Storage;

/// <summary>How far the operators were alerted about an incident.</summary>
/// <param name="Incident">The incident.</param>
/// <param name="Stage">How many levels were told.</param>
/// <param name="NextAt">When the next level is told, if nobody acknowledges.</param>
internal sealed record Alert(long Incident, int Stage, DateTimeOffset NextAt);

/// <summary>How far the operators were alerted.</summary>
internal sealed class AlertTable(Database database)
{
    /// <summary>All alerts that have not ended.</summary>
    public List<Alert> All() => database.Query("SELECT incident, stage, next_at FROM alerts", row => new Alert(row.GetInt64(0), row.GetInt32(1), Times.From(row.GetInt64(2))));

    /// <summary>Adds an alert, or replaces what is kept of it.</summary>
    public void Keep(Alert alert) => database.Execute(
        "INSERT INTO alerts VALUES ($1, $2, $3) ON CONFLICT(incident) DO UPDATE SET stage = $2, next_at = $3", alert.Incident, alert.Stage, alert.NextAt.ToUnixTimeMilliseconds());

    /// <summary>The next level is told as soon as can be, if there is one: the one before could not be reached.</summary>
    public void Hurry(long incident, int levels, DateTimeOffset now)
        => database.Execute("UPDATE alerts SET next_at = min(next_at, $3) WHERE incident = $1 AND stage < $2", incident, levels, now.ToUnixTimeMilliseconds());

    /// <summary>Ends an alert.</summary>
    public void Remove(long incident) => database.Execute("DELETE FROM alerts WHERE incident = $1", incident);
}
