using Microsoft.Extensions.Logging;
using Npgsql;

namespace Holdfast.Log.Postgres.Connections;

/// <summary>
/// Finds the primary among the hosts. All are asked at the same time, so one that does not answer costs nothing; a server on an earlier timeline than
/// one that was seen is an old primary that does not know it yet, and is not used.
/// </summary>
internal sealed class PrimaryDatabase(PostgresOptions options) : IAsyncDisposable
{
    /// <summary>How long the other hosts have once one has answered that it is not the primary.</summary>
    private static readonly TimeSpan PatienceAfterFirstAnswer = TimeSpan.FromMilliseconds(250);

    private readonly IReadOnlyList<(string Name, NpgsqlDataSource Source)> _hosts = HostList.Read(options);
    private readonly Lock _lock = new();
    private ServerIdentity? _primary;
    private uint _newestTimeline;

    /// <summary>The hosts, as an error message names them.</summary>
    public string Hosts => string.Join(", ", _hosts.Select(host => host.Name));

    /// <summary>A connection to the primary.</summary>
    /// <exception cref="DatabaseUnavailableException">There is none now.</exception>
    public async Task<(NpgsqlConnection Connection, ServerIdentity Server)> OpenAsync(CancellationToken cancellationToken)
    {
        ServerIdentity? known;
        lock (_lock)
        {
            known = _primary;
        }

        if (known is not null)
        {
            try
            {
                return (await _hosts[known.Host].Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false), known);
            }
            catch (Exception error) when (error is NpgsqlException or TimeoutException)
            {
                Suspect(known);
            }
        }

        var server = await FindAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return (await _hosts[server.Host].Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false), server);
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            Suspect(server);
            throw new DatabaseUnavailableException($"The primary {_hosts[server.Host].Name} went away: {error.Message}", error);
        }
    }

    /// <summary>A connection failed: its server's idle ones are closed, and the next use looks for the primary again.</summary>
    public void Suspect(ServerIdentity server)
    {
        lock (_lock)
        {
            if (_primary == server)
            {
                _primary = null;
            }
        }

        _hosts[server.Host].Source.Clear();
    }

    /// <summary>Asks all hosts which of them is the primary.</summary>
    /// <exception cref="DatabaseUnavailableException">None is.</exception>
    public async Task<ServerIdentity> FindAsync(CancellationToken cancellationToken)
    {
        var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(options.ConnectTimeout);
        var asking = Enumerable.Range(0, _hosts.Count).Select(host => AskAsync(host, enough.Token)).ToList();
        var refusals = new List<string>();
        Exception? last = null;
        var patience = Task.Delay(options.ConnectTimeout, CancellationToken.None);
        while (asking.Count > 0)
        {
            if (await Task.WhenAny([.. asking, patience]).ConfigureAwait(false) is not Task<(ServerIdentity?, string, Exception?)> answered)
            {
                // Who is slow may still answer, and is known then to the next who asks.
                refusals.Add($"{asking.Count} did not answer in time");
                break;
            }

            asking.Remove(answered);
            var (server, refusal, error) = await answered.ConfigureAwait(false);
            if (server is not null)
            {
                // Not awaited: cancelling asks the other servers to, and one of them may be the one that does not answer.
                _ = enough.CancelAsync();
                return server;
            }

            if (refusals.Count == 0)
            {
                patience = Task.Delay(PatienceAfterFirstAnswer, CancellationToken.None);
            }

            refusals.Add(refusal);
            last = last is NpgsqlException { IsTransient: false } ? last : error ?? last;
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw new DatabaseUnavailableException($"There is no primary now. {string.Join("; ", refusals)}", last);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, source) in _hosts)
        {
            await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<(ServerIdentity? Server, string Refusal, Exception? Error)> AskAsync(int host, CancellationToken cancellationToken)
    {
        // Connecting may begin synchronously, with a name to be resolved.
        await Task.Yield();
        var name = _hosts[host].Name;
        try
        {
            await using var connection = await _hosts[host].Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            var server = await ServerIdentity.ReadAsync(connection, host, cancellationToken).ConfigureAwait(false);
            return Accept(server) ? (server, string.Empty, null) : (null, $"{name} is {(server.IsPrimary ? "an old primary" : "a standby")}", null);
        }
        catch (Exception error) when (error is NpgsqlException or OperationCanceledException or TimeoutException or InvalidOperationException)
        {
            // Idle connections to a server that died would each fail once more.
            _hosts[host].Source.Clear();
            return (null, $"{name}: {error.Message}", error);
        }
    }

    private bool Accept(ServerIdentity server)
    {
        lock (_lock)
        {
            if (!server.IsPrimary || server.Timeline < _newestTimeline)
            {
                return false;
            }

            if (_primary != server)
            {
                options.Logger.LogInformation("The database's primary is {Host}, timeline {Timeline}.", _hosts[server.Host].Name, server.Timeline);
            }

            _newestTimeline = server.Timeline;
            _primary = server;
            return true;
        }
    }
}
