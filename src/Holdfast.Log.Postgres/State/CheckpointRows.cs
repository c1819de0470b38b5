using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>The projections of the log and the offsets they were folded up to.</summary>
internal static class CheckpointRows
{
    public const string Offsets = "SELECT applied_offsets, mark FROM checkpoint WHERE id = 1";

    public const string Retained = "SELECT product, topic, partition, \"offset\", record FROM retained";

    public const string Streams = "SELECT partition, key, ranges, last_seen FROM stream";

    public const string Shares = "SELECT product, filter, positions, unconfirmed FROM share";

    public static StateChange Save(CheckpointChanges changes) => new(
    [
        .. changes.Retained.Select(Save),
        .. changes.Streams.Select(Save),
        .. changes.Sessions.Select(SessionRows.SaveProgress),
        .. changes.Shares.Select(Save),
        StateCommand.Of(
            """
            INSERT INTO checkpoint (id, applied_offsets, mark) VALUES (1, $1, $2)
            ON CONFLICT (id) DO UPDATE SET applied_offsets = excluded.applied_offsets, mark = excluded.mark
            """,
            changes.AppliedOffsets, changes.Mark),
    ]);

    public static IEnumerable<StoredRetained> ReadRetained(NpgsqlDataReader rows)
    {
        while (rows.Read())
        {
            yield return new StoredRetained(rows.GetString(0), rows.GetString(1), rows.GetInt16(2), rows.GetInt64(3), rows.GetFieldValue<byte[]>(4));
        }
    }

    public static IEnumerable<StoredStream> ReadStreams(NpgsqlDataReader rows)
    {
        while (rows.Read())
        {
            yield return ReadStream(rows);
        }
    }

    public static StoredStream ReadStream(NpgsqlDataReader row)
        => new(row.GetInt16(0), row.GetFieldValue<byte[]>(1), row.GetFieldValue<byte[]>(2), row.GetInt64(3));

    public static IEnumerable<StoredShare> ReadShares(NpgsqlDataReader rows)
    {
        while (rows.Read())
        {
            var unconfirmed = rows.GetFieldValue<long[]>(3).Chunk(2).Select(pair => ((int)pair[0], pair[1])).ToList();
            yield return new StoredShare(rows.GetString(0), rows.GetString(1), rows.GetFieldValue<long[]>(2), unconfirmed);
        }
    }

    private static StateCommand Save(StoredRetained retained) => retained.Record.IsEmpty
        ? StateCommand.Of("DELETE FROM retained WHERE product = $1 AND topic = $2", retained.Product, retained.Topic)
        : StateCommand.Of(
            """
            INSERT INTO retained (product, topic, partition, "offset", record) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (product, topic) DO UPDATE SET partition = excluded.partition, "offset" = excluded."offset", record = excluded.record
            """,
            retained.Product, retained.Topic, (short)retained.Partition, retained.Offset, retained.Record);

    private static StateCommand Save(StoredStream stream) => stream.Ranges.Length == 0
        ? StateCommand.Of("DELETE FROM stream WHERE partition = $1 AND key = $2", (short)stream.Partition, stream.Key)
        : StateCommand.Of(
            """
            INSERT INTO stream (partition, key, ranges, last_seen) VALUES ($1, $2, $3, $4)
            ON CONFLICT (partition, key) DO UPDATE SET ranges = excluded.ranges, last_seen = excluded.last_seen
            """,
            (short)stream.Partition, stream.Key, stream.Ranges, stream.LastSeenMilliseconds);

    private static StateCommand Save(StoredShare share) => share.Positions.Length == 0
        ? StateCommand.Of("DELETE FROM share WHERE product = $1 AND filter = $2", share.Product, share.Filter)
        : StateCommand.Of(
            """
            INSERT INTO share (product, filter, positions, unconfirmed) VALUES ($1, $2, $3, $4)
            ON CONFLICT (product, filter) DO UPDATE SET positions = excluded.positions, unconfirmed = excluded.unconfirmed
            """,
            share.Product, share.Filter, share.Positions, share.Unconfirmed.SelectMany(place => (long[])[place.Partition, place.Offset]).ToArray());
}
