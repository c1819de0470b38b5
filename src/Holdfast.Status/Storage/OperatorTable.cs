namespace Holdfast.Status.Storage;

/// <summary>Somebody who may operate the page.</summary>
/// <param name="Name">The name.</param>
/// <param name="Password">The password's hash.</param>
internal sealed record Operator(string Name, string Password);

/// <summary>A login.</summary>
/// <param name="TokenHash">SHA-256 of the cookie's token.</param>
/// <param name="Operator">Whose it is.</param>
/// <param name="FormToken">What every form of this login carries, which no other site knows.</param>
/// <param name="MadeAt">Since when.</param>
/// <param name="UsedAt">When it was last used.</param>
internal sealed record Session(byte[] TokenHash, string Operator, string FormToken, DateTimeOffset MadeAt, DateTimeOffset UsedAt);

/// <summary>Who may operate the page, and who is logged in.</summary>
internal sealed class OperatorTable(Database database)
{
    /// <summary>So many operators may there be.</summary>
    public const int Maximum = 100;

    /// <summary>So many logins are kept for an operator; beyond it the one that was not used the longest ends.</summary>
    public const int MaximumSessions = 20;

    /// <summary>A login ends when it was not used for so long.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(30);

    /// <summary>A login ends after so long, however much it is used.</summary>
    public static readonly TimeSpan AgeLimit = TimeSpan.FromHours(12);

    /// <summary>All operators, by name.</summary>
    public List<Operator> All() => database.Query("SELECT name, password FROM operators ORDER BY name", row => new Operator(row.GetString(0), row.GetString(1)));

    /// <summary>Adds an operator, or gives the one of this name another password; that ends the logins.</summary>
    public void Keep(Operator one)
    {
        database.Execute("INSERT INTO operators VALUES ($1, $2) ON CONFLICT(name) DO UPDATE SET password = $2", one.Name, one.Password);
        database.Execute("DELETE FROM sessions WHERE operator = $1", one.Name);
    }

    /// <summary>Removes an operator, and the logins.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string name) => database.Execute("DELETE FROM operators WHERE name = $1", name) == 1;

    /// <summary>Keeps a login.</summary>
    public void Keep(Session session)
    {
        database.Execute(
            "INSERT INTO sessions VALUES ($1, $2, $3, $4, $5) ON CONFLICT(token_hash) DO UPDATE SET used_at = $5",
            session.TokenHash, session.Operator, session.FormToken, session.MadeAt.ToUnixTimeMilliseconds(), session.UsedAt.ToUnixTimeMilliseconds());
        database.Execute(
            "DELETE FROM sessions WHERE operator = $1 AND token_hash NOT IN (SELECT token_hash FROM sessions WHERE operator = $1 ORDER BY used_at DESC LIMIT $2)",
            session.Operator, MaximumSessions);
    }

    /// <summary>A login that has not ended, or null.</summary>
    public Session? Find(byte[] tokenHash, DateTimeOffset now) => database.Query(
        "SELECT token_hash, operator, form_token, made_at, used_at FROM sessions WHERE token_hash = $1",
        row => new Session((byte[])row.GetValue(0), row.GetString(1), row.GetString(2), Times.From(row.GetInt64(3)), Times.From(row.GetInt64(4))),
        tokenHash).SingleOrDefault(session => session.UsedAt + IdleLimit > now && session.MadeAt + AgeLimit > now);

    /// <summary>Ends a login.</summary>
    public void Remove(Session session) => database.Execute("DELETE FROM sessions WHERE token_hash = $1", session.TokenHash);

    /// <summary>Removes logins that have ended.</summary>
    public void Trim(DateTimeOffset now) => database.Execute(
        "DELETE FROM sessions WHERE used_at < $1 OR made_at < $2", (now - IdleLimit).ToUnixTimeMilliseconds(), (now - AgeLimit).ToUnixTimeMilliseconds());
}
