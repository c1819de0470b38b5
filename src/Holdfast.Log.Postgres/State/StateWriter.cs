using System.Threading.Channels;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>
/// Commits everything that waits in one transaction and one round trip; while it is on its way the next one gathers. All changes may be repeated, so
/// an unknown outcome is answered by sending the group again until a commit is confirmed.
/// </summary>
internal sealed class StateWriter : IAsyncDisposable
{
    /// <summary>Changes that wait; whoever comes then waits asynchronously for room.</summary>
    private const int QueueLimit = 16_384;

    /// <summary>Changes in one transaction.</summary>
    private const int GroupLimit = 1_024;

    /// <summary>How often a change is tried that collides with one of another node.</summary>
    private const int CollisionLimit = 5;

    /// <summary>Fails while the server names no synchronous standby, and everything with it.</summary>
    internal const string RequireStandby = "SELECT 1 / CASE WHEN current_setting('synchronous_standby_names') = '' THEN 0 ELSE 1 END";

    private readonly Channel<StateChange> _queue = Channel.CreateBounded<StateChange>(new BoundedChannelOptions(QueueLimit) { SingleReader = true });
    private readonly PooledWork _work;
    private readonly PostgresOptions _options;
    private readonly Task _working;
    private long _transactions;

    public StateWriter(PooledWork work, PostgresOptions options)
    {
        _work = work;
        _options = options;
        _working = Task.Run(WorkAsync);
    }

    /// <summary>Transactions committed since the start.</summary>
    public long Transactions => Interlocked.Read(ref _transactions);

    /// <summary>Makes a change in the next transaction.</summary>
    /// <returns>Whether it changed anything, once it is committed.</returns>
    public async ValueTask<bool> RunAsync(StateChange change)
    {
        try
        {
            await _queue.Writer.WriteAsync(change).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(PostgresStateStore));
        }

        return await change.Completion.ConfigureAwait(false);
    }

    /// <summary>Commits what waits, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _working.ConfigureAwait(false);
    }

    private static async Task<bool[]> ExecuteAsync(NpgsqlConnection connection, List<StateChange> group, bool requiresStandby)
    {
        // Without a transaction of its own a batch is one: all or nothing, in one round trip.
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        if (requiresStandby)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(RequireStandby));
        }

        var deciding = new NpgsqlBatchCommand[group.Count];
        for (var i = 0; i < group.Count; i++)
        {
            var first = batch.BatchCommands.Count;
            foreach (var command in group[i].Commands)
            {
                batch.BatchCommands.Add(command.ToBatch());
            }

            deciding[i] = batch.BatchCommands[first + group[i].Deciding];
        }

        using var warnings = new CommitWarnings(connection);
        await batch.ExecuteNonQueryAsync().ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        warnings.ThrowIfAny();
        return Array.ConvertAll(deciding, command => command.RecordsAffected > 0);
    }

    private async Task WorkAsync()
    {
        var group = new List<StateChange>(GroupLimit);
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (group.Count < GroupLimit && _queue.Reader.TryRead(out var change))
            {
                group.Add(change);
            }

            await CommitAsync(group).ConfigureAwait(false);
            group.Clear();
        }
    }

    private async Task CommitAsync(List<StateChange> group)
    {
        try
        {
            await RunAsync(group).ConfigureAwait(false);
        }
        catch (Exception error) when (group.Count > 1 && error is PostgresException { SqlState: not PostgresErrorCodes.DiskFull })
        {
            // One of them is to blame; alone, each meets its own fate.
            foreach (var change in group)
            {
                await CommitAsync([change]).ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            var failure = Translate(error, _options.Schema);
            group.ForEach(change => change.Fail(failure));
        }
    }

    private async Task RunAsync(List<StateChange> group)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var changed = await _work.RunAsync(
                    async connection =>
                    {
                        try
                        {
                            return await ExecuteAsync(connection, group, _options.Durability.RequiresSynchronousStandby).ConfigureAwait(false);
                        }
                        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.DivisionByZero)
                        {
                            throw NoStandby(error);
                        }
                    },
                    CancellationToken.None).ConfigureAwait(false);
                Interlocked.Increment(ref _transactions);
                for (var i = 0; i < changed.Length; i++)
                {
                    group[i].Complete(changed[i]);
                }

                return;
            }
            catch (PostgresException error) when (attempt < CollisionLimit && group.Count == 1
                && error.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation)
            {
                // Another node made the row, or removed it, between our look and our write.
            }
        }
    }

    /// <summary>What <see cref="RequireStandby"/> has found.</summary>
    internal static DatabaseUnavailableException NoStandby(PostgresException error)
        => new("synchronous_standby_names is empty, and a change of the state needs a synchronous standby.", error);

    /// <summary>An error of the database as the contracts know it.</summary>
    internal static StateStoreException Translate(Exception error, string schema) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull }
            => new StateStoreFullException($"There is no room on the database's disk for the state in the schema '{schema}'.", error),
        DatabaseUnavailableException
            => new StateStoreUnavailableException($"The state store in the schema '{schema}' does not answer: {error.Message}", error),
        _ => new StateStoreException($"The state store in the schema '{schema}' failed: {error.Message}", error),
    };
}
