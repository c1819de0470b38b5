using System.Security.Cryptography;
using System.Text.Json;
using Holdfast.Status.Notifying;

namespace Holdfast.Status.Storage;

/// <summary>Who wants to be told.</summary>
internal sealed class SubscriberTable(Database database)
{
    /// <summary>So many subscribers may there be, those who have not confirmed yet among them.</summary>
    public const int Maximum = 10_000;

    /// <summary>Who has not confirmed for so long is forgotten.</summary>
    public static readonly TimeSpan ConfirmLimit = TimeSpan.FromHours(24);

    private const string Columns = "id, channel, address, secret, components, locations, confirmed, made_at, asked_at";
    private const int KeyBytes = 32;

    /// <summary>The key of all links in mails; made when it is first wanted.</summary>
    public byte[] LinkKey() => database.Query(
        "INSERT INTO secrets VALUES ('links', $1) ON CONFLICT(name) DO UPDATE SET value = value RETURNING value",
        row => (byte[])row.GetValue(0),
        RandomNumberGenerator.GetBytes(KeyBytes)).Single();

    /// <summary>All, the oldest first.</summary>
    public List<Subscriber> All() => database.Query($"SELECT {Columns} FROM subscribers ORDER BY made_at, id", Read);

    /// <summary>How many there are.</summary>
    public long Count() => database.Query("SELECT count(*) FROM subscribers", row => row.GetInt64(0)).Single();

    /// <summary>How many were asked since a moment.</summary>
    public long Asked(DateTimeOffset since)
        => database.Query("SELECT count(*) FROM subscribers WHERE asked_at >= $1 AND confirmed = 0", row => row.GetInt64(0), since.ToUnixTimeMilliseconds()).Single();

    /// <summary>One by id, or null.</summary>
    public Subscriber? Find(string id) => database.Query($"SELECT {Columns} FROM subscribers WHERE id = $1", Read, id).SingleOrDefault();

    /// <summary>One by address, or null.</summary>
    public Subscriber? Find(string channel, string address)
        => database.Query($"SELECT {Columns} FROM subscribers WHERE channel = $1 AND address = $2", Read, channel, address).SingleOrDefault();

    /// <summary>Adds a subscriber, or replaces the one of this id.</summary>
    public void Keep(Subscriber subscriber) => database.Execute(
        """
        INSERT INTO subscribers VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT(id) DO UPDATE SET components = $5, locations = $6, confirmed = $7, asked_at = $9
        """,
        subscriber.Id,
        subscriber.Channel,
        subscriber.Address,
        subscriber.Secret,
        JsonSerializer.Serialize(subscriber.Components),
        JsonSerializer.Serialize(subscriber.Locations),
        subscriber.IsConfirmed,
        subscriber.MadeAt.ToUnixTimeMilliseconds(),
        subscriber.AskedAt.ToUnixTimeMilliseconds());

    /// <summary>Removes a subscriber, and what waits for it.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string id)
    {
        database.Execute("DELETE FROM deliveries WHERE recipient = $1 AND state = 0", id);
        return database.Execute("DELETE FROM subscribers WHERE id = $1", id) == 1;
    }

    /// <summary>Removes who has not confirmed.</summary>
    public void Trim(DateTimeOffset now)
        => database.Execute("DELETE FROM subscribers WHERE confirmed = 0 AND asked_at < $1", (now - ConfirmLimit).ToUnixTimeMilliseconds());

    private static Subscriber Read(Microsoft.Data.Sqlite.SqliteDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        JsonSerializer.Deserialize<string[]>(row.GetString(4))!,
        JsonSerializer.Deserialize<string[]>(row.GetString(5))!,
        row.GetBoolean(6),
        Times.From(row.GetInt64(7)),
        Times.From(row.GetInt64(8)));
}
