using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>Sessions and their subscriptions.</summary>
internal static class SessionRows
{
    /// <summary>All sessions, each followed by its subscriptions.</summary>
    public const string All =
        """
        SELECT s.id, product, client_id, epoch, expiry_seconds, disconnected_at,
            will_record, will_delay_seconds, will_message_expiry_seconds, cursor, exchanges,
            filter, options, identifier, since
        FROM session s LEFT JOIN subscription u ON u.session_id = s.id
        ORDER BY s.id, filter
        """;

    private const string RemoveReplaced = "DELETE FROM session WHERE product = $1 AND client_id = $2 AND id <> $3 AND epoch <= $4";

    private const string Write =
        """
        INSERT INTO session AS s (id, product, client_id, epoch, expiry_seconds, disconnected_at,
            will_record, will_delay_seconds, will_message_expiry_seconds, cursor)
        SELECT $1::bigint, $2::text, $3::text, $4::bigint, $5::bigint, $6::bigint, $7::bytea, $8::bigint, $9::bigint, $10::bigint[]
        WHERE NOT EXISTS (SELECT FROM session WHERE product = $2 AND client_id = $3 AND id <> $1)
        ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, expiry_seconds = excluded.expiry_seconds, disconnected_at = excluded.disconnected_at,
            will_record = excluded.will_record, will_delay_seconds = excluded.will_delay_seconds,
            will_message_expiry_seconds = excluded.will_message_expiry_seconds, cursor = excluded.cursor
        WHERE s.product = excluded.product AND s.client_id = excluded.client_id AND s.epoch <= excluded.epoch
        """;

    private const string WriteSubscription =
        """
        INSERT INTO subscription (session_id, filter, options, identifier, since)
        SELECT id, $2::text, $3::smallint, $4::bigint, $5::bigint[] FROM session WHERE id = $1
        ON CONFLICT (session_id, filter) DO UPDATE SET options = excluded.options, identifier = excluded.identifier, since = excluded.since
        """;

    public static StateChange Save(StoredSession session) => new(
    [
        StateCommand.Of(RemoveReplaced, session.Product, session.ClientId, (long)session.Id, session.Epoch),
        StateCommand.Of(
            Write, (long)session.Id, session.Product, session.ClientId, session.Epoch, (long)session.ExpirySeconds,
            session.DisconnectedAt?.ToUnixTimeMilliseconds(), session.Will?.Record, (long?)session.Will?.DelaySeconds,
            (long?)session.Will?.MessageExpirySeconds, session.Cursor),
    ]);

    public static StateChange SaveSubscriptions(ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters) => new(
    [
        StateCommand.Of("DELETE FROM subscription WHERE session_id = $1 AND filter = ANY ($2)", (long)sessionId, removedFilters.ToArray()),
        .. saved.Select(subscription => StateCommand.Of(
            WriteSubscription, (long)sessionId, subscription.Filter, (short)subscription.Options, (long)subscription.Identifier, subscription.Since)),
    ]);

    public static StateChange Remove(ulong sessionId) => new([StateCommand.Of("DELETE FROM session WHERE id = $1", (long)sessionId)]);

    public static StateCommand SaveProgress(SessionProgress progress)
        => StateCommand.Of("UPDATE session SET cursor = $2, exchanges = $3 WHERE id = $1", (long)progress.SessionId, progress.Cursor, progress.Exchanges);

    public static IEnumerable<StoredSession> Read(NpgsqlDataReader rows)
    {
        StoredSession? session = null;
        var subscriptions = new List<StoredSubscription>();
        while (rows.Read())
        {
            var id = (ulong)rows.GetInt64(0);
            if (session?.Id != id)
            {
                if (session is not null)
                {
                    yield return session with { Subscriptions = subscriptions };
                }

                session = ReadSession(id, rows);
                subscriptions = [];
            }

            if (!rows.IsDBNull(11))
            {
                subscriptions.Add(new StoredSubscription(rows.GetString(11), (byte)rows.GetInt16(12), (uint)rows.GetInt64(13), rows.GetFieldValue<long[]>(14)));
            }
        }

        if (session is not null)
        {
            yield return session with { Subscriptions = subscriptions };
        }
    }

    /// <summary>Reads the first columns of <see cref="All"/>.</summary>
    internal static StoredSession ReadSession(ulong id, NpgsqlDataReader row) => new()
    {
        Id = id,
        Product = row.GetString(1),
        ClientId = row.GetString(2),
        Epoch = row.GetInt64(3),
        ExpirySeconds = (uint)row.GetInt64(4),
        DisconnectedAt = row.IsDBNull(5) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
        Will = row.IsDBNull(6)
            ? null
            : new StoredWill(row.GetFieldValue<byte[]>(6), (uint)row.GetInt64(7), row.IsDBNull(8) ? null : (uint)row.GetInt64(8)),
        Cursor = row.IsDBNull(9) ? null : row.GetFieldValue<long[]>(9),
        Exchanges = row.IsDBNull(10) ? null : row.GetFieldValue<byte[]>(10),
    };
}
