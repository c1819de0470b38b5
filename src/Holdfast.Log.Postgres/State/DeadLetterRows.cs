using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>Events that receivers refused for good.</summary>
internal static class DeadLetterRows
{
    public const string Page =
        """
        SELECT product, name, partition, "offset", topic, received_at, refused_at, status, error, content_type, response FROM dead_letter
        WHERE product = $1 AND name = $2 AND (partition, "offset") >= ($3, $4) ORDER BY partition, "offset" LIMIT $5
        """;

    public const string Count = "SELECT count(*)::integer FROM dead_letter WHERE product = $1 AND name = $2";

    /// <summary>The lock keeps the integration from being removed between our look and our write.</summary>
    private const string Upsert =
        """
        INSERT INTO dead_letter (product, name, partition, "offset", topic, received_at, refused_at, status, error, content_type, response)
        SELECT product, name, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM integration WHERE product = $1 AND name = $2 FOR KEY SHARE
        ON CONFLICT (product, name, partition, "offset") DO UPDATE SET
            refused_at = excluded.refused_at, status = excluded.status, error = excluded.error, content_type = excluded.content_type, response = excluded.response
        """;

    public static StateChange Save(StoredDeadLetter letter) => new(
    [
        StateCommand.Of(
            Upsert, letter.Product, letter.Name, letter.Partition, letter.Offset, letter.Topic, letter.ReceivedAt.ToUnixTimeMilliseconds(),
            letter.RefusedAt.ToUnixTimeMilliseconds(), letter.Status, letter.Error, letter.ContentType, letter.Response.ToArray()),
    ]);

    public static StateChange Remove(string product, string name, int partition, long offset) => new(
    [
        StateCommand.Of("""DELETE FROM dead_letter WHERE product = $1 AND name = $2 AND partition = $3 AND "offset" = $4""", product, name, partition, offset),
    ]);

    public static StateChange RemoveAll(string product, string name)
        => new([StateCommand.Of("DELETE FROM dead_letter WHERE product = $1 AND name = $2", product, name)]);

    public static IEnumerable<StoredDeadLetter> Read(NpgsqlDataReader rows)
    {
        while (rows.Read())
        {
            yield return new StoredDeadLetter(
                rows.GetString(0),
                rows.GetString(1),
                rows.GetInt32(2),
                rows.GetInt64(3),
                rows.GetString(4),
                DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(5)),
                DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(6)),
                rows.GetInt32(7),
                rows.GetString(8),
                rows.GetString(9),
                rows.GetFieldValue<byte[]>(10));
        }
    }
}
