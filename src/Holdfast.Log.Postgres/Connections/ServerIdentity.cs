using Npgsql;

namespace Holdfast.Log.Postgres.Connections;

/// <summary>Which server a connection has reached. A promoted standby is on a later timeline; a restarted server has another start.</summary>
/// <param name="Host">The place in the list of hosts.</param>
/// <param name="IsPrimary">Whether it takes writes.</param>
/// <param name="Timeline">The timeline it writes; 0 for a standby.</param>
/// <param name="StartedAt">When its postmaster was started, as text.</param>
internal sealed record ServerIdentity(int Host, bool IsPrimary, uint Timeline, string StartedAt)
{
    private const string Sql =
        """
        SELECT pg_postmaster_start_time()::text,
            CASE WHEN pg_is_in_recovery() THEN '' ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END
        """;

    /// <summary>Asks the server at the other end.</summary>
    public static async Task<ServerIdentity> ReadAsync(NpgsqlConnection connection, int host, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var timeline = reader.GetString(1);
        return new ServerIdentity(host, timeline.Length > 0, timeline.Length > 0 ? Convert.ToUInt32(timeline, 16) : 0, reader.GetString(0));
    }
}
