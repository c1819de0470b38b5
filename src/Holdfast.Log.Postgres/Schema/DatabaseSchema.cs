using System.Globalization;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.Postgres.Segments;
using Holdfast.Log.Segments;
using Npgsql;

namespace Holdfast.Log.Postgres.Schema;

/// <summary>Creates the schema and brings it up to date. Any number of nodes may do so at once: one works, the others find it done.</summary>
internal static class DatabaseSchema
{
    /// <summary>The oldest server that is supported, in the form of <c>server_version_num</c>.</summary>
    private const int OldestServer = 150_000;

    /// <summary>Creates what is missing, in one transaction: a schema is complete or as it was.</summary>
    /// <exception cref="StoreUnusableException">The schema is newer than this program, the server is too old, or the role may not create it.</exception>
    public static async Task MigrateAsync(PrimaryDatabase database, PostgresOptions options, IReadOnlyList<string> steps, CancellationToken cancellationToken)
    {
        var (connection, _) = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        try
        {
            await RequireVersionAsync(connection, cancellationToken).ConfigureAwait(false);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);

            // Another node may be at work for longer than a statement waits for a lock.
            await connection.ScriptAsync("SET LOCAL lock_timeout = 0", cancellationToken).ConfigureAwait(false);
            await connection.ScriptAsync(
                string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({AdvisoryLocks.Migration(options.Schema)})"), cancellationToken)
                .ConfigureAwait(false);
            await ApplyAsync(connection, options, steps, cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new StoreUnusableException(
                $"The role may not create or use the schema '{options.Schema}': {error.MessageText}. Grant it CREATE on the database, or make it the schema's owner.", error);
        }
    }

    private static async Task RequireVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var version = int.Parse(
            (string)(await connection.ScalarAsync("SHOW server_version_num", cancellationToken).ConfigureAwait(false))!, CultureInfo.InvariantCulture);
        if (version < OldestServer)
        {
            throw new StoreUnusableException($"The server is PostgreSQL {connection.ServerVersion}; at least 15 is needed.");
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, PostgresOptions options, IReadOnlyList<string> steps, CancellationToken cancellationToken)
    {
        // IF NOT EXISTS needs the right to create even when there is nothing to create.
        if (await connection.ScalarAsync($"SELECT to_regclass('{options.Schema}.schema_version')::text", cancellationToken).ConfigureAwait(false) is not string)
        {
            await connection.ScriptAsync(
                $"""
                CREATE SCHEMA IF NOT EXISTS {options.Schema};
                CREATE TABLE {options.Schema}.schema_version (version integer NOT NULL);
                INSERT INTO {options.Schema}.schema_version VALUES (0);
                """,
                cancellationToken).ConfigureAwait(false);
        }

        var version = (int)(await connection.ScalarAsync("SELECT version FROM schema_version", cancellationToken).ConfigureAwait(false))!;
        if (version > steps.Count)
        {
            throw new StoreUnusableException(
                $"The schema '{options.Schema}' has version {version}; this program knows versions up to {steps.Count}. Run the newer program.");
        }

        for (; version < steps.Count; version++)
        {
            await connection.ScriptAsync(steps[version], cancellationToken).ConfigureAwait(false);
            await connection.ScriptAsync("UPDATE schema_version SET version = version + 1", cancellationToken).ConfigureAwait(false);
        }

        await FillNewStoreAsync(connection, options, cancellationToken).ConfigureAwait(false);
    }

    private static async Task FillNewStoreAsync(NpgsqlConnection connection, PostgresOptions options, CancellationToken cancellationToken)
    {
        var stored = await connection.ScalarAsync("SELECT partition_count FROM store", cancellationToken).ConfigureAwait(false);
        if (stored is short count)
        {
            if (count != options.PartitionCount)
            {
                throw new StoreUnusableException(
                    $"The store in the schema '{options.Schema}' has {count} partitions, not {options.PartitionCount}; their number is fixed when a store is made.");
            }

            return;
        }

        await using var command = new NpgsqlCommand("INSERT INTO store (id, incarnation, partition_count) VALUES (1, $1, $2)", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = Guid.NewGuid().ToString("N")[..12] });
        command.Parameters.Add(new NpgsqlParameter { Value = (short)options.PartitionCount });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await connection.ScriptAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {SegmentTables.Create(1)} {SegmentTables.Create(2)}
                INSERT INTO segment (number, base_offsets, base_bytes) VALUES (1, array_fill(0::bigint, ARRAY[{options.PartitionCount}]), 0);
                INSERT INTO partition_head (partition, segment) SELECT generate_series(0, {options.PartitionCount - 1}), 1;
                """),
            cancellationToken).ConfigureAwait(false);
    }
}
