using System.Security.Cryptography;

namespace Holdfast.Status.Storage;

/// <summary>A watcher that may report.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Location">Where it is.</param>
/// <param name="TokenHash">SHA-256 of its token.</param>
/// <param name="LastAt">When its newest round began, on the page's clock, or null.</param>
/// <param name="Interval">How often it has rounds.</param>
/// <param name="Stream">The run of the watcher's process that <paramref name="Sequence"/> belongs to.</param>
/// <param name="Sequence">The newest round that was taken.</param>
/// <param name="Skew">How much its clock is ahead of the page's.</param>
internal sealed record StoredWatcher(
    string Name, string Location, byte[] TokenHash, DateTimeOffset? LastAt, TimeSpan Interval, string Stream, long Sequence, TimeSpan Skew);

/// <summary>The watchers that may report.</summary>
internal sealed class WatcherTable(Database database)
{
    /// <summary>So many watchers may there be.</summary>
    public const int Maximum = 200;

    private static readonly TimeSpan AssumedInterval = TimeSpan.FromSeconds(10);

    /// <summary>All, by name.</summary>
    public List<StoredWatcher> All() => database.Query(
        "SELECT name, location, token_hash, last_at, interval, stream, sequence, skew FROM watchers ORDER BY name",
        row => new StoredWatcher(
            row.GetString(0),
            row.GetString(1),
            (byte[])row.GetValue(2),
            row.IsDBNull(3) ? null : Times.From(row.GetInt64(3)),
            TimeSpan.FromMilliseconds(row.GetInt64(4)),
            row.GetString(5),
            row.GetInt64(6),
            TimeSpan.FromMilliseconds(row.GetInt64(7))));

    /// <summary>Adds a watcher.</summary>
    /// <returns>Its token, which is kept nowhere.</returns>
    /// <exception cref="StatusDataException">There is one of this name, or there are too many.</exception>
    public string Add(string name, string location)
    {
        string token = Tokens.Make();
        database.Transact(() =>
        {
            List<StoredWatcher> all = All();
            if (all.Count >= Maximum)
            {
                throw new StatusDataException($"There are {all.Count} watchers already, the most that a page takes. Remove one first.");
            }

            if (all.Any(watcher => watcher.Name == name))
            {
                throw new StatusDataException($"There is a watcher '{name}' already. Remove it first; the new one gets another token.");
            }

            database.Execute(
                "INSERT INTO watchers VALUES ($1, $2, $3, NULL, $4, '', 0, 0)",
                name, location, SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(token)), (long)AssumedInterval.TotalMilliseconds);
        });
        return token;
    }

    /// <summary>Removes a watcher: its token is worth nothing from now on. What it has measured stays.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string name) => database.Execute("DELETE FROM watchers WHERE name = $1", name) == 1;

    /// <summary>Notes what a watcher has reported last.</summary>
    public void Note(StoredWatcher watcher) => database.Execute(
        "UPDATE watchers SET last_at = $2, interval = $3, stream = $4, sequence = $5, skew = $6 WHERE name = $1",
        watcher.Name,
        watcher.LastAt?.ToUnixTimeMilliseconds(),
        (long)watcher.Interval.TotalMilliseconds,
        watcher.Stream,
        watcher.Sequence,
        (long)watcher.Skew.TotalMilliseconds);
}
