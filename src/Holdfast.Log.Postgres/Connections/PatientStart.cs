using Holdfast.Log.Segments;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Holdfast.Log.Postgres.Connections;

/// <summary>What a process does with the database when it starts: without a primary it waits for one, as long as it takes; what no waiting mends it says at once.</summary>
internal static class PatientStart
{
    private static readonly TimeSpan ReminderInterval = TimeSpan.FromSeconds(10);

    /// <summary>Runs the work of a start, which changes nothing, or the same however often it runs.</summary>
    /// <param name="database">The database.</param>
    /// <param name="options">Whether to wait, and where to say so.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnusableException">The server refuses this role, password or database; waiting would not help.</exception>
    /// <exception cref="DatabaseUnavailableException">There is no primary, and the options do not say to wait.</exception>
    public static async Task<T> RunAsync<T>(PrimaryDatabase database, PostgresOptions options, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        long? said = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work().ConfigureAwait(false);
            }
            catch (DatabaseUnavailableException error) when (error.InnerException is NpgsqlException { IsTransient: false } refusal)
            {
                throw new StoreUnusableException($"The database ({database.Hosts}) refuses: {Reason(refusal)}. Look at the user, the password and the database that are named.", error);
            }
            catch (Exception error) when (options.WaitsForPrimary && PooledWork.MayPass(error))
            {
                if (said is not { } before || options.TimeProvider.GetElapsedTime(before) >= ReminderInterval)
                {
                    options.Logger.LogWarning("The start waits for the database ({Hosts}): {Error}", database.Hosts, error.Message);
                    said = options.TimeProvider.GetTimestamp();
                }

                await Task.Delay(Backoff.Before(attempt), options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static string Reason(NpgsqlException refusal) => refusal is PostgresException answer ? $"{answer.MessageText} ({answer.SqlState})" : refusal.Message;
}
