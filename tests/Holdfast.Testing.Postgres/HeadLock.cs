using Npgsql;

namespace Holdfast.Testing.Postgres;

/// <summary>Holds a partition's head, so that a claim or an append of it is sent and not answered.</summary>
public sealed class HeadLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private HeadLock(NpgsqlConnection connection)
    {
        _connection = connection;
    }

    public static async Task<HeadLock> TakeAsync(PostgresServer server, string schema, int partition)
    {
        var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; SELECT 1 FROM {schema}.partition_head WHERE partition = {partition} FOR UPDATE", connection);
        await command.ExecuteNonQueryAsync();
        return new HeadLock(connection);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
