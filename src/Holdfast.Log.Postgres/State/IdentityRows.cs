using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>Products, devices and tokens, and which devices are there.</summary>
internal static class IdentityRows
{
    public const string Changes =
        "SELECT kind, product, name, revision, document FROM identity WHERE revision > $1 AND ($1 > 0 OR document IS NOT NULL) ORDER BY revision";

    public const string Presence =
        """
        SELECT device, is_connected AND (p.node = $3 OR EXISTS (SELECT 1 FROM node n WHERE n.id = p.node AND n.fenced_at IS NULL)), seen_at
        FROM presence p WHERE product = $1 AND device = ANY ($2)
        """;

    /// <summary>
    /// The row of the clock is locked until the commit, so revisions are committed in their order. The call has a number of its own, so that it is told from another when it is
    /// repeated after an unknown outcome.
    /// </summary>
    private const string Upsert =
        """
        WITH clock AS (UPDATE identity_clock SET revision = revision + 1 RETURNING revision)
        INSERT INTO identity AS i (kind, product, name, revision, document, changed_by)
        SELECT $1, $2, $3, clock.revision, $5::text, $6 FROM clock
        WHERE $4 = 0 OR EXISTS (SELECT 1 FROM identity e WHERE e.kind = $1 AND e.product = $2 AND e.name = $3)
        ON CONFLICT (kind, product, name) DO UPDATE SET revision = excluded.revision, document = excluded.document, changed_by = excluded.changed_by
        WHERE i.changed_by = excluded.changed_by OR CASE $4 WHEN 0 THEN i.document IS NULL ELSE i.document IS NOT NULL AND i.revision = $4 END
        """;

    /// <summary>That a device has gone is only said by the node that it was on.</summary>
    private const string UpsertPresence =
        """
        INSERT INTO presence AS p (product, device, node, is_connected, seen_at)
        SELECT product, device, $1, is_connected, seen_at FROM unnest($2, $3, $4, $5) AS changes (product, device, is_connected, seen_at)
        ORDER BY product, device
        ON CONFLICT (product, device) DO UPDATE SET node = excluded.node, is_connected = excluded.is_connected, seen_at = greatest(p.seen_at, excluded.seen_at)
        WHERE excluded.is_connected OR p.node = excluded.node
        """;

    public static StateChange Save(StoredIdentity identity) => new(
    [
        StateCommand.Of(Upsert, (short)identity.Kind, identity.Product, identity.Name, identity.Revision, identity.Document, Guid.NewGuid()),
    ]);

    public static StateChange SavePresence(string node, IReadOnlyList<StoredPresence> changes) => new(
    [
        StateCommand.Of(
            UpsertPresence,
            node,
            changes.Select(change => change.Product).ToArray(),
            changes.Select(change => change.Device).ToArray(),
            changes.Select(change => change.IsConnected).ToArray(),
            changes.Select(change => change.SeenAt.ToUnixTimeMilliseconds()).ToArray()),
    ]);

    public static IEnumerable<StoredIdentity> Read(NpgsqlDataReader rows)
    {
        while (rows.Read())
        {
            yield return new StoredIdentity(
                (IdentityKind)rows.GetInt16(0), rows.GetString(1), rows.GetString(2), rows.GetInt64(3), rows.IsDBNull(4) ? null : rows.GetString(4));
        }
    }

    public static IEnumerable<StoredPresence> ReadPresence(NpgsqlDataReader rows, string product)
    {
        while (rows.Read())
        {
            yield return new StoredPresence(product, rows.GetString(0), rows.GetBoolean(1), DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(2)));
        }
    }
}
