using Microsoft.Data.Sqlite;

namespace Holdfast.Log.State.Sqlite;

/// <summary>Integrations and their cursors.</summary>
internal static class IntegrationTable
{
    public static IReadOnlyList<StoredIntegration> Read(StateConnection connection)
        => Read(connection.Query("SELECT product, name, kind, filter, settings, created_at, cursor FROM integration ORDER BY product, name"));

    public static StoredIntegration? Find(StateConnection connection, string product, string name)
        => Read(connection.Query(
            "SELECT product, name, kind, filter, settings, created_at, cursor FROM integration WHERE product = $1 AND name = $2", product, name)).SingleOrDefault();

    public static bool Add(StateConnection connection, StoredIntegration integration)
        => connection.Execute(
            """
            INSERT INTO integration (product, name, kind, filter, settings, created_at, cursor) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT DO NOTHING
            """,
            integration.Product,
            integration.Name,
            integration.Kind,
            integration.Filter,
            integration.Settings,
            integration.CreatedAt.ToUnixTimeMilliseconds(),
            OffsetBlob.Write(integration.Cursor)) > 0;

    public static bool Remove(StateConnection connection, string product, string name)
    {
        DeadLetterTable.RemoveAll(connection, product, name);
        return connection.Execute("DELETE FROM integration WHERE product = $1 AND name = $2", product, name) > 0;
    }

    public static bool SaveSettings(StateConnection connection, string product, string name, string settings)
        => connection.Execute("UPDATE integration SET settings = $3 WHERE product = $1 AND name = $2", product, name, settings) > 0;

    public static bool SaveCursor(StateConnection connection, string product, string name, long[] cursor)
        => connection.Execute(
            "UPDATE integration SET cursor = $3 WHERE product = $1 AND name = $2", product, name, OffsetBlob.Write(cursor)) > 0;

    private static List<StoredIntegration> Read(SqliteDataReader rows)
    {
        using var reader = rows;
        var integrations = new List<StoredIntegration>();
        while (reader.Read())
        {
            integrations.Add(new StoredIntegration(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.GetString(4),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(5)),
                OffsetBlob.Read(reader.GetFieldValue<byte[]>(6))));
        }

        return integrations;
    }
}
