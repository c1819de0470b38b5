using System.Globalization;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.Postgres.Schema;
using Holdfast.Log.Segments;

namespace Holdfast.Log.Postgres;

/// <summary>A database that came from a backup.</summary>
public static class RestoredDatabase
{
    /// <summary>Connections of this program to the same database that are not this one.</summary>
    private const string OtherConnections =
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()
        """;

    /// <summary>
    /// Begins a new life of the store: what is stored from now on has ids that no event had before, also none of those that were stored after the backup and are gone. What
    /// the backup holds keeps its ids. Nodes that were connected when the backup was made are taken for dead; their sessions go on.
    /// </summary>
    /// <param name="options">Where the database is. No node may be connected to it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The lives of the store.</returns>
    /// <exception cref="StoreUnusableException">Nodes are connected to it, or it is no store of this program.</exception>
    /// <exception cref="DatabaseUnavailableException">There is no primary.</exception>
    public static async Task<Incarnations> BeginNewLifeAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        var database = new PrimaryDatabase(options);
        await using var databaseScope = database.ConfigureAwait(false);
        await DatabaseSchema.MigrateAsync(database, options, SchemaSteps.All, cancellationToken).ConfigureAwait(false);
        var (connection, _) = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var connectionScope = connection.ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var others = (long)(await connection.ScalarAsync(OtherConnections, cancellationToken).ConfigureAwait(false))!;
        if (others > 0)
        {
            throw new StoreUnusableException(string.Create(CultureInfo.InvariantCulture, $"Nodes have {others} connections to this database. Stop them all first: they would go on in the old life."));
        }

        var lives = await StoreLives.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        var ends = (long[])(await connection.ScalarAsync("SELECT array_agg(next_offset ORDER BY partition) FROM partition_head", cancellationToken).ConfigureAwait(false))!;
        var next = new Incarnations(Guid.NewGuid().ToString("N")[..12], [.. lives.Earlier, new EarlierIncarnation(lives.Current, ends)]);
        await StoreLives.WriteAsync(connection, next).ConfigureAwait(false);
        await StoreLives.ExecuteAsync(connection, "UPDATE partition_head SET epoch = epoch + 1, owner = NULL").ConfigureAwait(false);
        await StoreLives.ExecuteAsync(connection, "UPDATE node SET fenced_at = coalesce(fenced_at, clock_timestamp())").ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return next;
    }
}
