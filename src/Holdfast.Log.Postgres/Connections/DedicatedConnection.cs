using Npgsql;

namespace Holdfast.Log.Postgres.Connections;

/// <summary>
/// One connection to the primary that is kept, with what appending needs: it tells certain outcomes from uncertain ones, takes a warning at commit for
/// uncertainty, never cancels, and gives a statement up only when another server has become the primary. One statement at a time.
/// </summary>
internal sealed class DedicatedConnection(PrimaryDatabase database, PostgresOptions options) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private NpgsqlConnection? _connection;
    private ServerIdentity? _server;
    private volatile bool _warned;

    /// <summary>Prepared commands of the present connection.</summary>
    private readonly Dictionary<string, NpgsqlCommand> _commands = [];

    /// <summary>Runs one autocommitted statement.</summary>
    /// <param name="sql">The statement; it is prepared once per connection.</param>
    /// <param name="parameters">Makes the parameters at the first use.</param>
    /// <param name="bind">Sets their values.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="sent">Called before it is sent; what it returns is called when the statement no longer uses the values.</param>
    public async ValueTask<Outcome<T>> RunAsync<T>(
        string sql, Func<NpgsqlParameter[]> parameters, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, Task<T>> read, Func<Action>? sent = null)
    {
        NpgsqlCommand command;
        try
        {
            command = await PrepareAsync(sql, parameters).ConfigureAwait(false);
        }
        catch (Exception error) when (error is DatabaseUnavailableException or NpgsqlException or TimeoutException or ObjectDisposedException)
        {
            await CloseAsync().ConfigureAwait(false);
            return new Outcome<T>(OutcomeKind.NotSent, Error: error);
        }

        bind(command.Parameters);
        _warned = false;
        var done = sent?.Invoke();
        var running = ExecuteAsync(command, read, done);

        while (true)
        {
            // Npgsql's continuations arrive on socket threads, where nothing may run long.
            await ((Task)running).WaitAsync(options.SuspicionTime, options.TimeProvider, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            if (running.IsCompleted)
            {
                return await JudgeAsync(running).ConfigureAwait(false);
            }

            if (_stop.IsCancellationRequested || await IsReplacedAsync(running).ConfigureAwait(false))
            {
                return Abandon(running);
            }
        }
    }

    /// <summary>Gives up the statement that runs, and all that come.</summary>
    public void Stop() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        Stop();
        await CloseAsync().ConfigureAwait(false);
    }

    private static async Task<T> ExecuteAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, Task<T>> read, Action? done)
    {
        try
        {
            await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            var value = await read(reader).ConfigureAwait(false);

            // The commit, and a warning about it, come after the last row.
            while (await reader.NextResultAsync().ConfigureAwait(false))
            {
            }

            return value;
        }
        finally
        {
            done?.Invoke();
        }
    }

    private async ValueTask<Outcome<T>> JudgeAsync<T>(Task<T> running)
    {
        try
        {
            var value = await running.ConfigureAwait(false);
            return _warned
                ? new Outcome<T>(OutcomeKind.Unknown, Error: new IOException("The server warned when it committed: the standby may not have it."))
                : new Outcome<T>(OutcomeKind.Done, value);
        }
        catch (Exception error)
        {
            var kind = DatabaseErrors.Judge(error);
            if (kind is OutcomeKind.Unknown or OutcomeKind.NotPrimary)
            {
                await CloseAsync().ConfigureAwait(false);
            }

            return new Outcome<T>(kind, Error: error);
        }
    }

    /// <summary>Whether another server than the one that owes the answer is the primary. There is no time limit: only evidence counts.</summary>
    private async Task<bool> IsReplacedAsync(Task running)
    {
        var server = _server!;
        var finding = database.FindAsync(_stop.Token);
        await Task.WhenAny(running, finding).ConfigureAwait(false);
        _ = finding.ContinueWith(ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

        // When nobody is the primary the answer may still come.
        return !running.IsCompleted && finding.IsCompletedSuccessfully && await finding.ConfigureAwait(false) != server;
    }

    private Outcome<T> Abandon<T>(Task<T> running)
    {
        var connection = _connection!;
        _connection = null;
        _commands.Clear();
        _ = running.ContinueWith(
            ended =>
            {
                _ = ended.Exception;
                connection.Dispose();
            },
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
        return new Outcome<T>(OutcomeKind.Unknown, Error: new IOException("The answer was given up: another server has become the primary, or the log is being closed."));
    }

    private async Task<NpgsqlCommand> PrepareAsync(string sql, Func<NpgsqlParameter[]> parameters)
    {
        if (_connection is null)
        {
            (_connection, _server) = await database.OpenAsync(CancellationToken.None).ConfigureAwait(false);
            _connection.Notice += OnNotice;
        }

        if (!_commands.TryGetValue(sql, out var command))
        {
            command = new NpgsqlCommand(sql, _connection);
            command.Parameters.AddRange(parameters());
            await command.PrepareAsync().ConfigureAwait(false);
            _commands.Add(sql, command);
        }

        return command;
    }

    private void OnNotice(object sender, NpgsqlNoticeEventArgs notice) => _warned |= notice.Notice.InvariantSeverity == "WARNING";

    private async ValueTask CloseAsync()
    {
        if (_connection is not { } connection)
        {
            return;
        }

        _connection = null;
        _commands.Clear();
        connection.Notice -= OnNotice;
        database.Suspect(_server!);
        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
