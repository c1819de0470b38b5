using Holdfast.Log.Postgres;
using Npgsql;

namespace Holdfast.Cluster.Tests;

/// <summary>Holds the table of members, so that nobody reads it.</summary>
internal sealed class TableLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private TableLock(NpgsqlConnection connection)
    {
        _connection = connection;
    }

    public static async Task<TableLock> TakeAsync(PostgresOptions options)
    {
        var connection = new NpgsqlConnection(options.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; LOCK TABLE {options.Schema}.cluster_member IN ACCESS EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return new TableLock(connection);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
