using Npgsql;

namespace Holdfast.Log.Postgres.Members;

/// <summary>The statements on the tables of the membership. The first parameter is always the cluster.</summary>
internal static class MemberRows
{
    /// <summary>One row for each member; a single one without a member when there is none; none when the cluster is not known.</summary>
    public const string All =
        """
        SELECT v.version, m.address, m.name, m.host, m.role, m.status, m.changed_in,
            extract(epoch FROM now - m.started_at)::float8, extract(epoch FROM now - m.alive_at)::float8,
            m.suspects, ARRAY(SELECT extract(epoch FROM now - at)::float8 FROM unnest(m.suspected_at) WITH ORDINALITY AS u(at, n) ORDER BY n)
        FROM clock_timestamp() AS now, cluster_version v LEFT JOIN cluster_member m USING (cluster)
        WHERE v.cluster = $1
        """;

    /// <summary>Parameters: new version, then <see cref="Values"/>.</summary>
    public const string Add =
        $"""
        WITH moved AS (
            UPDATE cluster_version SET version = $2
            WHERE cluster = $1 AND version = $2 - 1 AND NOT EXISTS (SELECT FROM cluster_member WHERE cluster = $1 AND address = $3)
            RETURNING version)
        INSERT INTO cluster_member (cluster, address, name, host, role, status, suspects, suspected_at, changed_in)
        SELECT $1, $3, $4, $5, $6, $7, $8, {SuspectedAt}, version FROM moved
        RETURNING 1
        """;

    /// <summary>Parameters: new version, <see cref="Values"/>, the version in which the row was changed last. Who changes its own row lives.</summary>
    public const string Update =
        $"""
        WITH moved AS (
            UPDATE cluster_version SET version = $2
            WHERE cluster = $1 AND version = $2 - 1 AND EXISTS (SELECT FROM cluster_member WHERE cluster = $1 AND address = $3 AND changed_in = $10)
            RETURNING version)
        UPDATE cluster_member
        SET name = $4, host = $5, role = $6, status = $7, suspects = $8, suspected_at = {SuspectedAt}, changed_in = moved.version
        FROM moved WHERE cluster = $1 AND address = $3
        RETURNING 1
        """;

    /// <summary>Parameter: address. The setting holds for this transaction: a sign of life is worth nothing after a fail-over.</summary>
    public const string Touch =
        """
        WITH unsynchronised AS MATERIALIZED (SELECT set_config('synchronous_commit', 'local', true))
        UPDATE cluster_member SET alive_at = clock_timestamp() FROM unsynchronised WHERE cluster = $1 AND address = $2
        RETURNING 1
        """;

    /// <summary>Parameters: status, seconds.</summary>
    public const string Remove =
        """
        DELETE FROM cluster_member
        WHERE cluster = $1 AND status = $2
            AND greatest(started_at, alive_at, (SELECT max(at) FROM unnest(suspected_at) AS at)) < clock_timestamp() - make_interval(secs => $3)
        RETURNING 1
        """;

    /// <summary>No parameter.</summary>
    public const string Clear =
        """
        WITH members AS (DELETE FROM cluster_member WHERE cluster = $1)
        DELETE FROM cluster_version WHERE cluster = $1
        RETURNING 1
        """;

    private const string SuspectedAt =
        "ARRAY(SELECT clock_timestamp() - make_interval(secs => age) FROM unnest($9::float8[]) WITH ORDINALITY AS u(age, n) ORDER BY n)";

    /// <summary>The parameters $3 to $9.</summary>
    public static object[] Values(Member member) =>
    [
        member.Address, member.Name, member.Host, member.Role, (short)member.Status,
        member.Suspicions.Select(suspicion => suspicion.Address).ToArray(),
        member.Suspicions.Select(suspicion => suspicion.Since.TotalSeconds).ToArray(),
    ];

    /// <summary>Reads what <see cref="All"/> returns.</summary>
    public static async Task<Membership> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var version = 0;
        var members = new List<Member>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            version = reader.GetInt32(0);
            if (!await reader.IsDBNullAsync(1, cancellationToken).ConfigureAwait(false))
            {
                members.Add(Read(reader));
            }
        }

        return new Membership(version, members);
    }

    private static Member Read(NpgsqlDataReader reader) => new()
    {
        Address = reader.GetString(1),
        Name = reader.GetString(2),
        Host = reader.GetString(3),
        Role = reader.GetString(4),
        Status = reader.GetInt16(5),
        ChangedIn = reader.GetInt32(6),
        SinceStart = TimeSpan.FromSeconds(reader.GetDouble(7)),
        SinceAlive = TimeSpan.FromSeconds(reader.GetDouble(8)),
        Suspicions = [.. reader.GetFieldValue<string[]>(9).Zip(reader.GetFieldValue<double[]>(10).Select(TimeSpan.FromSeconds))],
    };
}
