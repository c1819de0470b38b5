namespace Holdfast.Log.State.Sqlite;

/// <summary>Events that receivers refused for good.</summary>
internal static class DeadLetterTable
{
    public static bool Save(StateConnection connection, StoredDeadLetter letter)
        => connection.Execute(
            """
            INSERT OR REPLACE INTO dead_letter (product, name, partition, "offset", topic, received_at, refused_at, status, error, content_type, response)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 WHERE EXISTS (SELECT 1 FROM integration WHERE product = $1 AND name = $2)
            """,
            letter.Product,
            letter.Name,
            letter.Partition,
            letter.Offset,
            letter.Topic,
            letter.ReceivedAt.ToUnixTimeMilliseconds(),
            letter.RefusedAt.ToUnixTimeMilliseconds(),
            letter.Status,
            letter.Error,
            letter.ContentType,
            letter.Response) > 0;

    public static IReadOnlyList<StoredDeadLetter> Read(
        StateConnection connection, string product, string name, int fromPartition, long fromOffset, int limit)
    {
        using var reader = connection.Query(
            """
            SELECT partition, "offset", topic, received_at, refused_at, status, error, content_type, response FROM dead_letter
            WHERE product = $1 AND name = $2 AND (partition, "offset") >= ($3, $4) ORDER BY partition, "offset" LIMIT $5
            """,
            product,
            name,
            fromPartition,
            fromOffset,
            limit);
        var letters = new List<StoredDeadLetter>();
        while (reader.Read())
        {
            letters.Add(new StoredDeadLetter(
                product,
                name,
                reader.GetInt32(0),
                reader.GetInt64(1),
                reader.GetString(2),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3)),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(4)),
                reader.GetInt32(5),
                reader.GetString(6),
                reader.GetString(7),
                reader.GetFieldValue<byte[]>(8)));
        }

        return letters;
    }

    public static int Count(StateConnection connection, string product, string name)
    {
        using var reader = connection.Query("SELECT count(*) FROM dead_letter WHERE product = $1 AND name = $2", product, name);
        reader.Read();
        return reader.GetInt32(0);
    }

    public static bool Remove(StateConnection connection, string product, string name, int partition, long offset)
        => connection.Execute(
            """DELETE FROM dead_letter WHERE product = $1 AND name = $2 AND partition = $3 AND "offset" = $4""", product, name, partition, offset) > 0;

    public static bool RemoveAll(StateConnection connection, string product, string name)
        => connection.Execute("DELETE FROM dead_letter WHERE product = $1 AND name = $2", product, name) > 0;
}
