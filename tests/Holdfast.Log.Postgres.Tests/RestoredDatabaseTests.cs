using Holdfast.Log.Segments;
using Holdfast.Log.TestKit;
using Holdfast.Testing.Postgres;
using Npgsql;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>Backups by PostgreSQL's own tools.</summary>
public sealed class RestoredDatabaseTests
{
    private readonly PostgresOptions _options = SharedServer.NewOptions();

    [Fact]
    public async Task A_dump_is_restored_into_a_new_life()
    {
        string before;
        var directory = PostgresPrograms.MakeDirectory();
        var dump = Path.Combine(directory, "dump");
        await using (var log = await Logs.OpenOwnerAsync(_options))
        {
            await Logs.AppendAsync(log, 1);
            await Logs.AppendAsync(log, 1);
            before = log.Incarnation;
            PostgresPrograms.Run("pg_dump", "-d", Uri(new NpgsqlConnectionStringBuilder(_options.ConnectionString)), "-Fc", "-n", _options.Schema, "-f", dump);
            await Logs.AppendAsync(log, 1); // The backup does not have it.
        }

        var restored = await RestoreAsync(dump);
        Directory.Delete(directory, recursive: true);
        await AddNodeAsync(restored);
        var lives = await RestoredDatabase.BeginNewLifeAsync(restored, Logs.Cancellation);

        Assert.Equal(before, lives.Of(1, 1));
        Assert.NotEqual(before, lives.Of(1, 2));
        await using var next = await Logs.OpenOwnerAsync(restored);
        await Logs.AppendAsync(next, 1);
        Assert.Equal((lives.Current, 3L), (next.Incarnation, next.CommittedOffset(1)));
        using var read = await next.ReadAsync(1, 0, null, int.MaxValue, Logs.Cancellation);
        Assert.Equal(3, read.NextOffset);
        Assert.All(read.Batches, TestBatches.AssertContent);
        Assert.Equal(1L, await ScalarAsync(restored, "SELECT count(*) FROM node WHERE fenced_at IS NOT NULL"));
    }

    [Fact]
    public async Task A_database_with_nodes_is_refused()
    {
        await using var log = await Logs.OpenOwnerAsync(_options);

        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => RestoredDatabase.BeginNewLifeAsync(_options, Logs.Cancellation));
        Assert.Contains("Stop them all", refused.Message, StringComparison.Ordinal);
    }

    private static string Uri(NpgsqlConnectionStringBuilder connection)
        => $"postgresql://{connection.Username}@{connection.Host}/{connection.Database}";

    private static async Task AddNodeAsync(PostgresOptions options)
        => await ScalarAsync(options, "INSERT INTO node (id, zone, mark) VALUES ('a@1', '', '{0,0,0,0}')");

    private static async Task<object?> ScalarAsync(PostgresOptions options, string sql)
    {
        await using var connection = new NpgsqlConnection(options.ConnectionString + $";Search Path={options.Schema};Pooling=false");
        await connection.OpenAsync(Logs.Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Logs.Cancellation);
    }

    private async Task<PostgresOptions> RestoreAsync(string dump)
    {
        var name = $"restored_{_options.Schema}";
        await ScalarAsync(_options, $"CREATE DATABASE {name}");
        var target = new NpgsqlConnectionStringBuilder(_options.ConnectionString) { Database = name };
        PostgresPrograms.Run("pg_restore", "-d", Uri(target), dump);
        return _options with { ConnectionString = target.ConnectionString };
    }
}
