using System.Text.Json;
using Npgsql;

namespace Holdfast.Server.Drill.Lab;

/// <summary>The database cluster: PostgreSQL on three machines, one of them the primary, kept by Patroni and etcd.</summary>
internal sealed class LabDatabase : IDisposable
{
    /// <summary>The longest that a cluster may take to become healthy.</summary>
    public static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(300);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly TimeProvider _time;

    /// <summary>Describes the cluster; nothing is started.</summary>
    /// <param name="machines">The machines.</param>
    /// <param name="network">Where they are.</param>
    /// <param name="programs">What they run.</param>
    /// <param name="time">The clock.</param>
    public LabDatabase(IReadOnlyList<LabMachine> machines, ILabNetwork network, LabPrograms programs, TimeProvider time)
    {
        _time = time;
        Members = [.. machines.Select(machine => new DatabaseMember(machine, machines, network, programs))];
    }

    /// <summary>The members.</summary>
    public IReadOnlyList<DatabaseMember> Members { get; }

    /// <summary>What a client connects with: every host; it has to find the primary.</summary>
    public string ConnectionString => ConnectionTo(Members);

    /// <summary>Makes and starts the cluster and waits until it is healthy.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">It did not become healthy in time.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (DatabaseMember member in Members)
        {
            await member.PrepareAsync();
            member.Start();
        }

        await WaitUntilHealthyAsync(cancellationToken);
    }

    /// <summary>Who is what.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Null when no member answers.</returns>
    public async Task<DatabaseRoles?> FindRolesAsync(CancellationToken cancellationToken)
    {
        foreach (DatabaseMember member in Members)
        {
            try
            {
                using JsonDocument cluster = JsonDocument.Parse(await _http.GetStringAsync(new Uri(member.Patroni, "/cluster"), cancellationToken));
                return DatabaseRoles.Read(cluster.RootElement);
            }
            catch (Exception exception) when (exception is HttpRequestException or JsonException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // Another may answer.
            }
        }

        return null;
    }

    /// <summary>The member that is the primary now.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">There is none.</exception>
    public async Task<DatabaseMember> FindPrimaryAsync(CancellationToken cancellationToken)
    {
        DatabaseRoles? roles = await FindRolesAsync(cancellationToken);
        return Members.FirstOrDefault(member => member.Machine.Name == roles?.Primary) ?? throw new LabException($"the database has no primary: {roles}");
    }

    /// <summary>Waits until there is a primary with a synchronous standby and everybody follows.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">It did not become so in time.</exception>
    public async Task WaitUntilHealthyAsync(CancellationToken cancellationToken)
    {
        long begin = _time.GetTimestamp();
        while (true)
        {
            DatabaseRoles? roles = await FindRolesAsync(cancellationToken);
            if (roles?.IsHealthy(Members.Count) == true)
            {
                return;
            }

            if (_time.GetElapsedTime(begin) > HealthTimeout)
            {
                throw new LabException($"the database did not become healthy within {HealthTimeout.TotalSeconds:0} s: {roles?.ToString() ?? "nobody answers"}.\n{string.Join('\n', Members.Select(member => member.LastLines()))}");
            }

            await Task.Delay(Interval, _time, cancellationToken);
        }
    }

    /// <summary>What a client of some members connects with.</summary>
    /// <param name="members">The members.</param>
    public static string ConnectionTo(IEnumerable<DatabaseMember> members)
        => $"Host={string.Join(',', members.Select(member => $"{member.Machine.Address}:{DatabaseConfiguration.PostgresPort}"))};Username=postgres;Database=postgres";

    /// <summary>Opens a connection of its own to a member, which may have much to do.</summary>
    /// <param name="member">The member.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NpgsqlException">It does not answer.</exception>
    public static async Task<NpgsqlConnection> OpenAsync(DatabaseMember member, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(ConnectionTo([member]) + ";Pooling=false;Timeout=30");
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        foreach (DatabaseMember member in Members)
        {
            member.Dispose();
        }
    }
}
