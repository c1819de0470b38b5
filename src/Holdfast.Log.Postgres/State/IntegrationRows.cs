using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>Integrations and their cursors.</summary>
internal static class IntegrationRows
{
    public const string One = "SELECT product, name, kind, filter, settings, created_at, cursor FROM integration WHERE product = $1 AND name = $2";

    public const string All = "SELECT product, name, kind, filter, settings, created_at, cursor FROM integration ORDER BY product, name";

    /// <summary>The call has a number of its own, so that it is told from another when it is repeated after an unknown outcome.</summary>
    private const string Insert =
        """
        INSERT INTO integration AS i (product, name, kind, filter, settings, created_at, cursor, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (product, name) DO UPDATE SET added_by = excluded.added_by WHERE i.added_by = excluded.added_by
        """;

    public static StateChange Add(StoredIntegration integration) => new(
    [
        StateCommand.Of(
            Insert, integration.Product, integration.Name, integration.Kind, integration.Filter, integration.Settings,
            integration.CreatedAt.ToUnixTimeMilliseconds(), integration.Cursor, Guid.NewGuid()),
    ]);

    public static StateChange Remove(string product, string name)
        => new([StateCommand.Of("DELETE FROM integration WHERE product = $1 AND name = $2", product, name)]);

    public static StateChange SaveSettings(string product, string name, string settings)
        => new([StateCommand.Of("UPDATE integration SET settings = $3 WHERE product = $1 AND name = $2", product, name, settings)]);

    public static StateChange SaveCursor(string product, string name, long[] cursor)
        => new([StateCommand.Of("UPDATE integration SET cursor = $3 WHERE product = $1 AND name = $2", product, name, cursor)]);

    public static IEnumerable<StoredIntegration> Read(NpgsqlDataReader rows)
    {
        while (rows.Read())
        {
            yield return new StoredIntegration(
                rows.GetString(0),
                rows.GetString(1),
                rows.GetString(2),
                rows.GetString(3),
                rows.GetString(4),
                DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(5)),
                rows.GetFieldValue<long[]>(6));
        }
    }
}
