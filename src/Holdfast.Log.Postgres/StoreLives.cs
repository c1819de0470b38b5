using Holdfast.Log.Partitions;
using Npgsql;

namespace Holdfast.Log.Postgres;

/// <summary>The lives of a store, in its database.</summary>
internal static class StoreLives
{
    public static async Task<Incarnations> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var earlier = new List<EarlierIncarnation>();
        await using (var command = new NpgsqlCommand("SELECT name, end_offsets FROM earlier_incarnation ORDER BY number", connection))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                earlier.Add(new EarlierIncarnation(reader.GetString(0), reader.GetFieldValue<long[]>(1)));
            }
        }

        await using var current = new NpgsqlCommand("SELECT incarnation FROM store", connection);
        return new Incarnations((string)(await current.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!, earlier);
    }

    public static async Task WriteAsync(NpgsqlConnection connection, Incarnations incarnations)
    {
        await ExecuteAsync(connection, "UPDATE store SET incarnation = $1", incarnations.Current).ConfigureAwait(false);
        await ExecuteAsync(connection, "DELETE FROM earlier_incarnation").ConfigureAwait(false);
        for (var number = 0; number < incarnations.Earlier.Count; number++)
        {
            var life = incarnations.Earlier[number];
            await ExecuteAsync(connection, "INSERT INTO earlier_incarnation (number, name, end_offsets) VALUES ($1, $2, $3)", number, life.Name, life.EndOffsets).ConfigureAwait(false);
        }
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
