using System.Text.Json;

namespace Holdfast.Log.State.Sqlite;

/// <summary>Products, devices and tokens, and which devices are there.</summary>
internal static class IdentityTable
{
    public static IEnumerable<StoredIdentity> ReadChanges(StateConnection connection, long afterRevision)
    {
        using var reader = connection.Query(
            "SELECT kind, product, name, revision, document FROM identity WHERE revision > $1 AND ($1 > 0 OR document IS NOT NULL) ORDER BY revision", afterRevision);
        while (reader.Read())
        {
            yield return new StoredIdentity(
                (IdentityKind)reader.GetInt32(0),
                reader.GetString(1),
                reader.GetString(2),
                reader.GetInt64(3),
                reader.IsDBNull(4) ? null : reader.GetString(4));
        }
    }

    /// <summary>A removed entry keeps its row: its revision tells the other nodes, and keeps the numbers rising.</summary>
    public static bool Save(StateConnection connection, StoredIdentity identity)
        => connection.Execute(
            """
            INSERT INTO identity (kind, product, name, revision, document)
            SELECT $1, $2, $3, (SELECT coalesce(max(revision), 0) + 1 FROM identity), $5
            WHERE $4 = 0 OR EXISTS (SELECT 1 FROM identity WHERE kind = $1 AND product = $2 AND name = $3)
            ON CONFLICT (kind, product, name) DO UPDATE SET revision = excluded.revision, document = excluded.document
            WHERE CASE $4 WHEN 0 THEN identity.document IS NULL ELSE identity.document IS NOT NULL AND identity.revision = $4 END
            """,
            (int)identity.Kind,
            identity.Product,
            identity.Name,
            identity.Revision,
            identity.Document) > 0;

    public static bool SavePresence(StateConnection connection, string life, IReadOnlyList<StoredPresence> changes)
    {
        foreach (var change in changes)
        {
            connection.Execute(
                """
                INSERT INTO presence (product, device, life, is_connected, seen_at) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (product, device) DO UPDATE SET life = excluded.life, is_connected = excluded.is_connected, seen_at = excluded.seen_at
                """,
                change.Product,
                change.Device,
                life,
                change.IsConnected ? 1 : 0,
                change.SeenAt.ToUnixTimeMilliseconds());
        }

        return changes.Count > 0;
    }

    public static IReadOnlyList<StoredPresence> ReadPresence(StateConnection connection, string life, string product, IReadOnlyList<string> devices)
    {
        using var reader = connection.Query(
            "SELECT device, is_connected AND life = $1, seen_at FROM presence WHERE product = $2 AND device IN (SELECT value FROM json_each($3))",
            life,
            product,
            JsonSerializer.Serialize(devices));
        var found = new List<StoredPresence>();
        while (reader.Read())
        {
            found.Add(new StoredPresence(product, reader.GetString(0), reader.GetInt64(1) != 0, DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(2))));
        }

        return found;
    }
}
