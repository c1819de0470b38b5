using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>
/// The statements of sessions in a cluster. Who changes a session's row must be named in it; a fenced node is given none. The time of sessions stands still five seconds
/// after the last tick.
/// </summary>
internal static class ClusterSessionRows
{
    private const string Now = "(SELECT least((extract(epoch FROM clock_timestamp()) * 1000)::bigint, ticked_at + 5000) - paused FROM session_clock)";

    private const string Columns =
        """
        id, product, client_id, epoch, expiry_seconds, disconnected_at,
        will_record, will_delay_seconds, will_message_expiry_seconds, cursor, exchanges, will_epoch, node
        """;

    /// <summary>The session of a client: $1 product, $2 client identifier, $3 this node. Its row is locked before it is judged.</summary>
    private const string Take =
        $"""
        WITH found AS (SELECT {Columns} FROM session WHERE product = $1 AND client_id = $2 FOR UPDATE),
        taken AS (
            UPDATE session s SET epoch = s.epoch + 1, node = $3 FROM found
            WHERE s.id = found.id AND (found.node IS NULL OR found.node = $3) AND EXISTS (SELECT FROM node WHERE id = $3 AND fenced_at IS NULL)
            RETURNING s.id)
        SELECT {Columns}, EXISTS (SELECT FROM taken),
            coalesce(disconnected_at + expiry_seconds * 1000 <= {Now} AND expiry_seconds < 4294967295, false)
        FROM found
        """;

    private const string Subscriptions =
        "SELECT filter, options, identifier, since, retained_as_of FROM subscription WHERE session_id = (SELECT id FROM session WHERE product = $1 AND client_id = $2) ORDER BY filter";

    private const string Add =
        """
        INSERT INTO session AS s (id, product, client_id, epoch, expiry_seconds, will_record, will_delay_seconds, will_message_expiry_seconds, will_epoch, node)
        SELECT $1::bigint, $2::text, $3::text, $4::bigint, $5::bigint, $6::bytea, $7::bigint, $8::bigint, $9::bigint, $10::text
        WHERE NOT EXISTS (SELECT FROM session WHERE product = $2 AND client_id = $3 AND id <> $1) AND EXISTS (SELECT FROM node WHERE id = $10 AND fenced_at IS NULL)
        ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch WHERE s.node = excluded.node AND s.epoch <= excluded.epoch
        """;

    private const string Save =
        """
        UPDATE session SET epoch = $3, expiry_seconds = $4, disconnected_at = NULL,
            will_record = $5, will_delay_seconds = $6, will_message_expiry_seconds = $7, will_epoch = $8, will_due_at = NULL
        WHERE id = $1 AND node = $2 AND epoch <= $3
        """;

    private const string Release =
        $"""
        UPDATE session SET node = NULL, epoch = $3, expiry_seconds = $4, disconnected_at = {Now},
            will_record = $5, will_delay_seconds = $6, will_message_expiry_seconds = $7, will_epoch = $8,
            will_due_at = CASE WHEN $5::bytea IS NULL THEN NULL ELSE {Now} + least($6, $4) * 1000 END,
            cursor = $9, exchanges = $10
        WHERE id = $1 AND node = $2 AND epoch <= $3
        """;

    private const string Settle =
        $"""
        UPDATE session SET node = NULL, disconnected_at = {Now}, cursor = $4, exchanges = $5,
            will_due_at = CASE WHEN will_record IS NULL THEN NULL ELSE {Now} + greatest(least(will_delay_seconds, expiry_seconds) * 1000, $6::bigint) END
        WHERE id = $1 AND node = $2 AND epoch = $3 AND EXISTS (SELECT FROM node WHERE id = $2 AND fenced_at IS NOT NULL)
        """;

    private const string OwnSession = "EXISTS (SELECT FROM session WHERE id = $1 AND node = $2)";

    private const string WriteSubscription =
        $"""
        INSERT INTO subscription (session_id, filter, options, identifier, since, retained_as_of)
        SELECT $1::bigint, $3::text, $4::smallint, $5::bigint, $6::bigint[], $7::bigint[] WHERE {OwnSession}
        ON CONFLICT (session_id, filter) DO UPDATE SET options = excluded.options, identifier = excluded.identifier, since = excluded.since,
            retained_as_of = coalesce(excluded.retained_as_of, subscription.retained_as_of)
        """;

    private const string RetainedArrived = $"UPDATE subscription SET retained_as_of = NULL WHERE session_id = $1 AND filter = ANY ($3) AND {OwnSession}";

    private const string RetainedLeft =
        $"UPDATE subscription SET retained_as_of = NULL WHERE session_id = $1 AND retained_as_of IS NOT NULL AND NOT filter = ANY ($3) AND {OwnSession}";

    private const string Fence =
        """
        WITH locked AS MATERIALIZED (SELECT id, fenced_at FROM node WHERE id IN ($1, $2) ORDER BY id FOR UPDATE)
        UPDATE node SET fenced_at = coalesce(node.fenced_at, clock_timestamp())
        WHERE id = $1 AND ($1 = $2 OR EXISTS (SELECT FROM locked WHERE id = $2 AND fenced_at IS NULL))
        """;

    private const string Tick =
        """
        UPDATE session_clock SET paused = paused + greatest(0, now.ms - ticked_at - 5000), ticked_at = greatest(ticked_at, now.ms)
        FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS now (ms)
        """;

    private const string RemoveExpired =
        $"""
        DELETE FROM session WHERE node IS NULL AND will_record IS NULL AND id IN (
            SELECT id FROM session WHERE node IS NULL AND will_record IS NULL AND disconnected_at + expiry_seconds * 1000 <= {Now}
                AND expiry_seconds < 4294967295 LIMIT $1)
        """;

    private const string Nodes =
        """
        SELECT id, zone, mark, started_at, fenced_at, EXISTS (SELECT FROM session WHERE session.node = node.id), EXISTS (SELECT FROM share_partition WHERE keeper = node.id)
        FROM node ORDER BY started_at, id
        """;

    public static string SessionsOf => $"SELECT {Columns} FROM session WHERE node = $1 ORDER BY id LIMIT $2";

    public static string DueWills => $"SELECT {Columns} FROM session WHERE node IS NULL AND will_due_at <= {Now} ORDER BY will_due_at LIMIT $1";

    public static string Subscriber => """
        SELECT 1 FROM session JOIN subscription ON session_id = id
        WHERE product = $1 AND expiry_seconds > 0 AND options & 3 > 0 AND filter ~ $2
        LIMIT 1
        """;

    public static StateCommand AllNodes => StateCommand.Of(Nodes);

    public static StateCommand[] TakeSession(string product, string clientId, string node)
        => [StateCommand.Of(Take, product, clientId, node), StateCommand.Of(Subscriptions, product, clientId)];

    public static StateChange Register(string node, string zone, long[] mark) => new(
        [StateCommand.Of("INSERT INTO node (id, zone, mark) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING", node, zone, mark)]);

    /// <summary>The mark first: it locks the node's row, so a fence comes before everything or after everything.</summary>
    public static StateChange SaveProgress(string node, long[] mark, IReadOnlyList<SessionProgress> progress, IReadOnlyList<StoredSharePartition> shares) => new(
        [
            StateCommand.Of("UPDATE node SET mark = $2 WHERE id = $1 AND fenced_at IS NULL", node, mark),
            .. progress.Select(one => StateCommand.Of(
                """
                UPDATE session SET cursor = $4, exchanges = $5
                WHERE id = $1 AND node = $2 AND epoch <= $3 AND EXISTS (SELECT FROM node WHERE id = $2 AND fenced_at IS NULL)
                """,
                (long)one.SessionId, node, one.Epoch, one.Cursor, one.Exchanges)),
            .. progress.Where(one => one.RetainedArrived.Count > 0)
                .Select(one => StateCommand.Of(RetainedArrived, (long)one.SessionId, node, one.RetainedArrived.ToArray())),
            .. shares.Select(one => SharePartitionRows.Save(node, one)),
        ],
        deciding: 0);

    public static StateChange FenceNode(string gone, string by) => new([StateCommand.Of(Fence, gone, by)]);

    public static StateChange ForgetNodes(TimeSpan fencedFor) => new(
    [
        StateCommand.Of(
            """
            DELETE FROM node WHERE fenced_at < clock_timestamp() - $1 AND NOT EXISTS (SELECT FROM session WHERE session.node = node.id)
                AND NOT EXISTS (SELECT FROM share_partition WHERE keeper = node.id)
            """,
            fencedFor),
    ]);

    public static StateChange AddSession(StoredSession session, ulong replaced, string node) => new(
    [
        StateCommand.Of("DELETE FROM session WHERE id = $1 AND node = $2", (long)replaced, node),
        StateCommand.Of(
            Add, (long)session.Id, session.Product, session.ClientId, session.Epoch, (long)session.ExpirySeconds,
            session.Will?.Record, (long?)session.Will?.DelaySeconds, (long?)session.Will?.MessageExpirySeconds, session.Will?.Epoch, node),
    ]);

    public static StateChange SaveSession(StoredSession session, string node) => new([StateCommand.Of(Save, Values(session, node))]);

    public static StateChange ReleaseSession(StoredSession session, string node)
        => new(
        [
            .. session.RetainedLeft is { } left ? [StateCommand.Of(RetainedLeft, (long)session.Id, node, left.ToArray())] : Array.Empty<StateCommand>(),
            StateCommand.Of(Release, [.. Values(session, node), session.Cursor, session.Exchanges]),
        ]);

    public static StateChange SettleSession(StoredSession session, string node, TimeSpan willDelay) => new(
        [StateCommand.Of(Settle, (long)session.Id, node, session.Epoch, session.Cursor, session.Exchanges, (long)willDelay.TotalMilliseconds)]);

    /// <summary>The session's row is locked first: who takes it afterwards finds these subscriptions.</summary>
    public static StateChange SaveSubscriptions(
        ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters, string node) => new(
        [
            StateCommand.Of("UPDATE session SET epoch = epoch WHERE id = $1 AND node = $2", (long)sessionId, node),
            StateCommand.Of($"DELETE FROM subscription WHERE session_id = $1 AND filter = ANY ($3) AND {OwnSession}", (long)sessionId, node, removedFilters.ToArray()),
            .. saved.OrderBy(subscription => subscription.Filter, StringComparer.Ordinal).SelectMany(subscription => SharePartitionRows.Begin(sessionId, node, subscription)),
            .. saved.Select(subscription => StateCommand.Of(
                WriteSubscription, (long)sessionId, node, subscription.Filter, (short)subscription.Options, (long)subscription.Identifier, subscription.Since,
                subscription.RetainedAsOf)),
        ],
        deciding: 0);

    public static StateChange RemoveSession(ulong sessionId, string node)
        => new([StateCommand.Of("DELETE FROM session WHERE id = $1 AND node = $2", (long)sessionId, node)]);

    public static StateChange TickClock() => new([StateCommand.Of(Tick)]);

    public static StateChange ClearWill(StoredSession session) => new(
    [
        StateCommand.Of(
            """
            UPDATE session SET will_record = NULL, will_delay_seconds = NULL, will_message_expiry_seconds = NULL, will_epoch = NULL, will_due_at = NULL
            WHERE id = $1 AND will_epoch = $2 AND node IS NULL
            """,
            (long)session.Id, session.Will?.Epoch),
    ]);

    public static StateChange RemoveExpiredSessions(int limit) => new([StateCommand.Of(RemoveExpired, limit)]);

    public static StoredSession Read(NpgsqlDataReader row)
    {
        var session = SessionRows.ReadSession((ulong)row.GetInt64(0), row);
        return session.Will is { } will ? session with { Will = will with { Epoch = row.IsDBNull(11) ? 0 : row.GetInt64(11) } } : session;
    }

    public static HeldSession ReadHeld(NpgsqlDataReader row)
    {
        var isTaken = row.GetBoolean(13);
        var session = Read(row);
        return new HeldSession(
            isTaken ? session with { Epoch = session.Epoch + 1 } : session, row.IsDBNull(12) ? null : row.GetString(12), isTaken, row.GetBoolean(14));
    }

    public static StoredSubscription ReadSubscription(NpgsqlDataReader row)
        => new(row.GetString(0), (byte)row.GetInt16(1), (uint)row.GetInt64(2), row.GetFieldValue<long[]>(3))
        {
            RetainedAsOf = row.IsDBNull(4) ? null : row.GetFieldValue<long[]>(4),
        };

    public static StoredNode ReadNode(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetFieldValue<long[]>(2), row.GetFieldValue<DateTimeOffset>(3),
        row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4), row.GetBoolean(5))
    {
        HasShares = row.GetBoolean(6),
    };

    private static object?[] Values(StoredSession session, string node) =>
    [
        (long)session.Id, node, session.Epoch, (long)session.ExpirySeconds,
        session.Will?.Record, (long?)session.Will?.DelaySeconds, (long?)session.Will?.MessageExpirySeconds, session.Will?.Epoch,
    ];
}
