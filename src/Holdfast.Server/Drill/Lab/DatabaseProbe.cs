using Npgsql;

namespace Holdfast.Server.Drill.Lab;

/// <summary>
/// Measures the database's own fail-over: it commits a row on whichever server is the primary, some twenty times a second, and tells when a commit
/// with a synchronous standby has come back. Every server is tried by a loop of its own, so one that does not answer delays nobody.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="committed">Called with the server's name after each commit; by several threads.</param>
/// <param name="time">The clock.</param>
internal sealed class DatabaseProbe(LabDatabase database, Action<string> committed, TimeProvider time)
{
    private const string IsSafePrimary = "SELECT NOT pg_is_in_recovery() AND current_setting('synchronous_standby_names') <> ''";
    private const string Commit = "UPDATE drill_probe SET n = n + 1 RETURNING n";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Nothing is broken yet, but the machine may have much to do.</summary>
    private static readonly TimeSpan PrepareTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Makes the probe's table.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        DatabaseMember primary = await database.FindPrimaryAsync(cancellationToken);
        await using NpgsqlConnection connection = await OpenAsync(primary, PrepareTimeout, cancellationToken);
        await using var command = new NpgsqlCommand("CREATE TABLE drill_probe AS SELECT 0::bigint AS n", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Probes until it is cancelled.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public Task RunAsync(CancellationToken cancellationToken)
        => Task.WhenAll(database.Members.Select(member => Task.Run(() => ProbeAsync(member, cancellationToken), CancellationToken.None)));

    private async Task ProbeAsync(DatabaseMember member, CancellationToken cancellationToken)
    {
        NpgsqlConnection? connection = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                connection ??= await OpenAsync(member, AnswerTimeout, cancellationToken);
                if (await CommitsAsync(connection, cancellationToken))
                {
                    committed(member.Machine.Name);
                }

                await Task.Delay(Interval, time, cancellationToken);
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException or OperationCanceledException or InvalidOperationException or IOException)
            {
                // Not the primary, not there, or not answering: a new connection will tell.
                await CloseAsync(connection);
                connection = null;
                await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await CloseAsync(connection);
    }

    private async Task<bool> CommitsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await AskAsync(connection, IsSafePrimary, cancellationToken) is not true)
        {
            return false;
        }

        // A commit that was not replicated comes with a warning.
        bool isWarned = false;
        void OnNotice(object sender, NpgsqlNoticeEventArgs notice) => isWarned = true;
        connection.Notice += OnNotice;
        object? answer = await AskAsync(connection, Commit, cancellationToken);
        connection.Notice -= OnNotice;
        return answer is long && !isWarned;
    }

    private async Task<object?> AskAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken).WaitAsync(AnswerTimeout, time, cancellationToken);
    }

    private async Task<NpgsqlConnection> OpenAsync(DatabaseMember member, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection($"{LabDatabase.ConnectionTo([member])};Pooling=false;Timeout={(int)timeout.TotalSeconds};Application Name=drill-probe");
        try
        {
            await connection.OpenAsync(cancellationToken).WaitAsync(timeout, time, cancellationToken);
            return connection;
        }
        catch
        {
            await CloseAsync(connection);
            throw;
        }
    }

    // Closing asks a server that may not answer; nobody waits for it.
    private static Task CloseAsync(NpgsqlConnection? connection)
    {
        _ = connection?.CloseAsync().ContinueWith(closing => closing.Exception, TaskScheduler.Default);
        return Task.CompletedTask;
    }
}
