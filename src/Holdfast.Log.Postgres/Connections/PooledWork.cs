using Npgsql;

namespace Holdfast.Log.Postgres.Connections;

/// <summary>Work that may be repeated, on pooled connections: while the database is away it is tried again, up to a limit.</summary>
internal sealed class PooledWork(PrimaryDatabase database, PostgresOptions options)
{
    /// <summary>Runs work that changes nothing, or the same however often it runs.</summary>
    /// <exception cref="DatabaseUnavailableException">It was away for longer than <see cref="PostgresOptions.StateRetryTime"/>.</exception>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        var begin = options.TimeProvider.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryAsync(work, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (MayPass(error))
            {
                if (options.TimeProvider.GetElapsedTime(begin) > options.StateRetryTime)
                {
                    throw new DatabaseUnavailableException($"The database ({database.Hosts}) has been away for {options.StateRetryTime}: {error.Message}", error);
                }

                await Task.Delay(Backoff.Before(attempt), options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether the same may succeed later.</summary>
    public static bool MayPass(Exception error) => error switch
    {
        DatabaseUnavailableException => true,
        NpgsqlException or TimeoutException => DatabaseErrors.Judge(error) is OutcomeKind.Unknown or OutcomeKind.Retry or OutcomeKind.NotPrimary,
        _ => false,
    };

    private async Task<T> TryAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        var (connection, server) = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        try
        {
            return await work(connection).ConfigureAwait(false);
        }
        catch (NpgsqlException error) when (DatabaseErrors.Judge(error) is OutcomeKind.Unknown or OutcomeKind.NotPrimary)
        {
            database.Suspect(server);
            throw;
        }
    }
}
