using Microsoft.Data.Sqlite;

namespace Holdfast.Log.State.Sqlite;

/// <summary>Sessions and their subscriptions.</summary>
internal static class SessionTable
{
    public static IEnumerable<StoredSession> Read(StateConnection connection)
    {
        using var sessions = connection.Query(
            """
            SELECT id, product, client_id, epoch, expiry_seconds, disconnected_at,
                will_record, will_delay_seconds, will_message_expiry_seconds, cursor, exchanges
            FROM session ORDER BY id
            """);
        using var subscriptions = connection.Query(
            "SELECT session_id, filter, options, identifier, since FROM subscription ORDER BY session_id, filter");
        var waiting = subscriptions.Read();
        while (sessions.Read())
        {
            var id = sessions.GetInt64(0);
            var own = new List<StoredSubscription>();
            for (; waiting && subscriptions.GetInt64(0) <= id; waiting = subscriptions.Read())
            {
                if (subscriptions.GetInt64(0) == id)
                {
                    own.Add(ReadSubscription(subscriptions));
                }
            }

            yield return ReadSession(sessions, own);
        }
    }

    public static bool Save(StateConnection connection, StoredSession session)
    {
        if (!TryFind(connection, session, out var storedId, out var storedEpoch))
        {
            Insert(connection, session);
            return true;
        }

        if (storedEpoch > session.Epoch)
        {
            return false;
        }

        if (storedId == session.Id)
        {
            Update(connection, session);
            return true;
        }

        Remove(connection, storedId);
        Insert(connection, session);
        return true;
    }

    public static bool SaveSubscriptions(
        StateConnection connection, ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters)
    {
        if (!connection.Exists("SELECT 1 FROM session WHERE id = $1", sessionId))
        {
            return false;
        }

        foreach (var filter in removedFilters)
        {
            connection.Execute("DELETE FROM subscription WHERE session_id = $1 AND filter = $2", sessionId, filter);
        }

        foreach (var subscription in saved)
        {
            connection.Execute(
                """
                INSERT INTO subscription (session_id, filter, options, identifier, since) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT DO UPDATE SET options = excluded.options, identifier = excluded.identifier, since = excluded.since
                """,
                sessionId, subscription.Filter, (long)subscription.Options, (long)subscription.Identifier, OffsetBlob.Write(subscription.Since));
        }

        return true;
    }

    public static void SaveProgress(StateConnection connection, SessionProgress progress)
        => connection.Execute(
            "UPDATE session SET cursor = $2, exchanges = $3 WHERE id = $1",
            progress.SessionId, progress.Cursor is null ? null : OffsetBlob.Write(progress.Cursor), progress.Exchanges);

    public static bool Remove(StateConnection connection, ulong sessionId)
    {
        connection.Execute("DELETE FROM subscription WHERE session_id = $1", sessionId);
        return connection.Execute("DELETE FROM session WHERE id = $1", sessionId) > 0;
    }

    private static bool TryFind(StateConnection connection, StoredSession session, out ulong id, out long epoch)
    {
        using var reader = connection.Query("SELECT id, epoch FROM session WHERE product = $1 AND client_id = $2", session.Product, session.ClientId);
        var found = reader.Read();
        id = found ? (ulong)reader.GetInt64(0) : 0;
        epoch = found ? reader.GetInt64(1) : 0;
        return found;
    }

    private static void Insert(StateConnection connection, StoredSession session)
        => Write(
            connection,
            """
            INSERT INTO session (id, product, client_id, epoch, expiry_seconds, disconnected_at,
                will_record, will_delay_seconds, will_message_expiry_seconds, cursor)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            session);

    private static void Update(StateConnection connection, StoredSession session)
        => Write(
            connection,
            """
            UPDATE session SET product = $2, client_id = $3, epoch = $4, expiry_seconds = $5, disconnected_at = $6,
                will_record = $7, will_delay_seconds = $8, will_message_expiry_seconds = $9, cursor = $10
            WHERE id = $1
            """,
            session);

    private static void Write(StateConnection connection, string sql, StoredSession session)
        => connection.Execute(
            sql,
            session.Id,
            session.Product,
            session.ClientId,
            session.Epoch,
            (long)session.ExpirySeconds,
            session.DisconnectedAt?.ToUnixTimeMilliseconds(),
            session.Will?.Record,
            (long?)session.Will?.DelaySeconds,
            (long?)session.Will?.MessageExpirySeconds,
            session.Cursor is null ? null : OffsetBlob.Write(session.Cursor));

    private static StoredSession ReadSession(SqliteDataReader row, IReadOnlyList<StoredSubscription> subscriptions) => new()
    {
        Id = (ulong)row.GetInt64(0),
        Product = row.GetString(1),
        ClientId = row.GetString(2),
        Epoch = row.GetInt64(3),
        ExpirySeconds = (uint)row.GetInt64(4),
        DisconnectedAt = row.IsDBNull(5) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
        Will = row.IsDBNull(6) ? null : ReadWill(row),
        Cursor = row.IsDBNull(9) ? null : OffsetBlob.Read(row.GetFieldValue<byte[]>(9)),
        Exchanges = row.IsDBNull(10) ? null : row.GetFieldValue<byte[]>(10),
        Subscriptions = subscriptions,
    };

    private static StoredWill ReadWill(SqliteDataReader row)
        => new(row.GetFieldValue<byte[]>(6), (uint)row.GetInt64(7), row.IsDBNull(8) ? null : (uint)row.GetInt64(8));

    private static StoredSubscription ReadSubscription(SqliteDataReader row)
        => new(row.GetString(1), (byte)row.GetInt64(2), (uint)row.GetInt64(3), OffsetBlob.Read(row.GetFieldValue<byte[]>(4)));
}
