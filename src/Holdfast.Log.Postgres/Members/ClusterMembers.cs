using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.Postgres.Schema;
using Holdfast.Log.Segments;
using Npgsql;

namespace Holdfast.Log.Postgres.Members;

/// <summary>
/// The nodes of the cluster, in its database. Every change compares and moves the membership's version in the statement that makes it. While the database is away
/// everything waits and is tried again, up to <see cref="PostgresOptions.StateRetryTime"/>; a change whose answer was lost is tried again too, and then finds a newer version.
/// </summary>
public sealed class ClusterMembers : IAsyncDisposable
{
    /// <summary>An answer that takes longer is given up, and the primary is looked for again.</summary>
    private const int AnswerLimitSeconds = 5;

    private readonly PrimaryDatabase _database;
    private readonly PooledWork _work;

    private ClusterMembers(PrimaryDatabase database, PooledWork work, string cluster)
    {
        _database = database;
        _work = work;
        Cluster = cluster;
    }

    /// <summary>Names the cluster: the store's incarnation. A store that is restored from a backup is another cluster.</summary>
    public string Cluster { get; }

    /// <summary>Opens the membership, and makes the schema when there is none.</summary>
    /// <param name="options">Where the database is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnusableException">The schema is newer than this program, the store is another one than the options say, or the server refuses the role.</exception>
    /// <exception cref="DatabaseUnavailableException">There is no primary, and the options do not say to wait for one.</exception>
    public static async Task<ClusterMembers> OpenAsync(PostgresOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        var database = new PrimaryDatabase(options);
        try
        {
            var cluster = await PatientStart.RunAsync(database, options, () => LoadAsync(database, options, cancellationToken), cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return new ClusterMembers(database, new PooledWork(database, options), cluster);
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads all members and the version, as of one moment.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<Membership> ReadAsync(CancellationToken cancellationToken = default)
        => RunAsync(MemberRows.All, [], MemberRows.ReadAsync, cancellationToken);

    /// <summary>Adds a member.</summary>
    /// <param name="member">The member; its ages and its version do not count.</param>
    /// <param name="newVersion">The version that the membership shall have; its predecessor must be the present one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when somebody else was faster or the member is there already.</returns>
    public Task<bool> AddAsync(Member member, int newVersion, CancellationToken cancellationToken = default)
        => ChangeAsync(MemberRows.Add, [newVersion, .. MemberRows.Values(member)], cancellationToken);

    /// <summary>Changes a member.</summary>
    /// <param name="member">What it shall be; <see cref="Member.ChangedIn"/> must be what was read.</param>
    /// <param name="newVersion">The version that the membership shall have; its predecessor must be the present one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when somebody else was faster.</returns>
    public Task<bool> UpdateAsync(Member member, int newVersion, CancellationToken cancellationToken = default)
        => ChangeAsync(MemberRows.Update, [newVersion, .. MemberRows.Values(member), member.ChangedIn], cancellationToken);

    /// <summary>Notes that a member lives. The version stays. It does not wait for a standby.</summary>
    /// <param name="address">The member.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task TouchAsync(string address, CancellationToken cancellationToken = default) => ChangeAsync(MemberRows.Touch, [address], cancellationToken);

    /// <summary>Removes members of one status that have given no sign of life, and were not suspected either, for a time. The version stays.</summary>
    /// <param name="status">Their status.</param>
    /// <param name="silence">For how long.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task RemoveAsync(int status, TimeSpan silence, CancellationToken cancellationToken = default)
        => ChangeAsync(MemberRows.Remove, [status, silence.TotalSeconds], cancellationToken);

    /// <summary>Removes all members and the version.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public Task ClearAsync(CancellationToken cancellationToken = default) => ChangeAsync(MemberRows.Clear, [], cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static async Task<string> LoadAsync(PrimaryDatabase database, PostgresOptions options, CancellationToken cancellationToken)
    {
        await DatabaseSchema.MigrateAsync(database, options, SchemaSteps.All, cancellationToken).ConfigureAwait(false);
        var (connection, _) = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var incarnation = (string)(await connection.ScalarAsync("SELECT incarnation FROM store", cancellationToken).ConfigureAwait(false))!;
        await using var command = new NpgsqlCommand("INSERT INTO cluster_version (cluster, version) VALUES ($1, 0) ON CONFLICT DO NOTHING", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = incarnation });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        return incarnation;
    }

    private Task<bool> ChangeAsync(string sql, object[] values, CancellationToken cancellationToken)
        => RunAsync(sql, values, static async (reader, cancellationToken) => await reader.ReadAsync(cancellationToken).ConfigureAwait(false), cancellationToken);

    private async Task<T> RunAsync<T>(string sql, object[] values, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
        => await _work.RunAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = AnswerLimitSeconds };
                command.Parameters.Add(new NpgsqlParameter { Value = Cluster });
                foreach (var value in values)
                {
                    command.Parameters.Add(new NpgsqlParameter { Value = value });
                }

                await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                return await read(reader, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
}
