using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.Postgres.Schema;
using Holdfast.Log.Segments;

namespace Holdfast.Log.Postgres;

/// <summary>Makes an empty store of a cluster the continuation of a store on one machine: the same incarnation and the same offsets, so event ids stay what they are.</summary>
public sealed class MigrationTarget : IAsyncDisposable
{
    private readonly PostgresOptions _options;
    private readonly PrimaryDatabase _database;

    private MigrationTarget(PostgresOptions options)
    {
        _options = options;
        _database = new PrimaryDatabase(options);
    }

    /// <summary>Opens the target, and makes the schema when there is none.</summary>
    /// <param name="options">Where the database is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DatabaseUnavailableException">There is no primary.</exception>
    public static async Task<MigrationTarget> OpenAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        var target = new MigrationTarget(options);
        try
        {
            await DatabaseSchema.MigrateAsync(target._database, options, SchemaSteps.All, cancellationToken).ConfigureAwait(false);
            return target;
        }
        catch
        {
            await target.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes the identity of the source over. Doing it again, after a migration that was broken off, changes nothing.</summary>
    /// <param name="incarnations">The source's lives.</param>
    /// <param name="firstOffsets">The oldest offset of each partition that the source has.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnusableException">The target is in use, or another migration has begun there.</exception>
    public async Task BeginAsync(Incarnations incarnations, long[] firstOffsets, CancellationToken cancellationToken)
    {
        var (connection, _) = await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var begun = await connection.ScalarAsync("SELECT incarnation FROM migration FOR UPDATE", cancellationToken).ConfigureAwait(false) as string;
        if (begun == incarnations.Current)
        {
            return;
        }

        var used = (long)(await connection.ScalarAsync("SELECT (sum(next_offset) + (SELECT count(*) FROM session))::bigint FROM partition_head", cancellationToken).ConfigureAwait(false))!;
        if (begun is not null || used > 0)
        {
            throw new StoreUnusableException(
                $"The schema '{_options.Schema}' is in use{(begun is null ? "" : $" by what was moved from the store {begun}")}; a store can only be moved to an empty one. Name another database.");
        }

        await StoreLives.WriteAsync(connection, incarnations).ConfigureAwait(false);
        await StoreLives.ExecuteAsync(connection, "UPDATE partition_head SET next_offset = ($1::bigint[])[partition + 1]", firstOffsets).ConfigureAwait(false);
        await StoreLives.ExecuteAsync(connection, "UPDATE segment SET base_offsets = $1", firstOffsets).ConfigureAwait(false);
        await StoreLives.ExecuteAsync(connection, "INSERT INTO migration (incarnation) VALUES ($1)", incarnations.Current).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Goes on behind records that the source cannot read any more. Whoever owns the partition must claim it again.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The next offset.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task SkipAsync(int partition, long offset, CancellationToken cancellationToken)
    {
        var (connection, _) = await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        await StoreLives.ExecuteAsync(connection, "UPDATE partition_head SET next_offset = $2 WHERE partition = $1 AND next_offset < $2", (short)partition, offset).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
