namespace Holdfast.Log.State.Sqlite;

/// <summary>The projections of the log and the offsets they were folded up to.</summary>
internal static class CheckpointTables
{
    public static StoredCheckpoint Read(StateConnection connection, int partitionCount)
    {
        using var reader = connection.Query("SELECT applied_offsets, mark FROM checkpoint WHERE id = 1");
        return reader.Read()
            ? new StoredCheckpoint(OffsetBlob.Read(reader.GetFieldValue<byte[]>(0)), OffsetBlob.Read(reader.GetFieldValue<byte[]>(1)))
            : new StoredCheckpoint(new long[partitionCount], new long[partitionCount]);
    }

    public static IEnumerable<StoredRetained> ReadRetained(StateConnection connection)
    {
        using var reader = connection.Query("SELECT product, topic, partition, \"offset\", record FROM retained ORDER BY id");
        while (reader.Read())
        {
            yield return new StoredRetained(
                reader.GetString(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt64(3), reader.GetFieldValue<byte[]>(4));
        }
    }

    public static IEnumerable<StoredStream> ReadStreams(StateConnection connection)
    {
        using var reader = connection.Query("SELECT partition, key, ranges, last_seen FROM stream");
        while (reader.Read())
        {
            yield return new StoredStream(
                reader.GetInt32(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2), reader.GetInt64(3));
        }
    }

    public static IEnumerable<StoredShare> ReadShares(StateConnection connection)
    {
        using var reader = connection.Query("SELECT product, filter, positions, unconfirmed FROM share");
        while (reader.Read())
        {
            var unconfirmed = OffsetBlob.Read(reader.GetFieldValue<byte[]>(3)).Chunk(2).Select(pair => ((int)pair[0], pair[1])).ToList();
            yield return new StoredShare(reader.GetString(0), reader.GetString(1), OffsetBlob.Read(reader.GetFieldValue<byte[]>(2)), unconfirmed);
        }
    }

    public static void Save(StateConnection connection, CheckpointChanges changes)
    {
        connection.Execute(
            """
            INSERT INTO checkpoint (id, applied_offsets, mark) VALUES (1, $1, $2)
            ON CONFLICT DO UPDATE SET applied_offsets = excluded.applied_offsets, mark = excluded.mark
            """,
            OffsetBlob.Write(changes.AppliedOffsets), OffsetBlob.Write(changes.Mark));
        foreach (var retained in changes.Retained)
        {
            Save(connection, retained);
        }

        foreach (var stream in changes.Streams)
        {
            Save(connection, stream);
        }

        foreach (var progress in changes.Sessions)
        {
            SessionTable.SaveProgress(connection, progress);
        }

        foreach (var share in changes.Shares)
        {
            Save(connection, share);
        }
    }

    private static void Save(StateConnection connection, StoredShare share)
    {
        if (share.Positions.Length == 0)
        {
            connection.Execute("DELETE FROM share WHERE product = $1 AND filter = $2", share.Product, share.Filter);
            return;
        }

        long[] unconfirmed = [.. share.Unconfirmed.SelectMany(place => (long[])[place.Partition, place.Offset])];
        connection.Execute(
            """
            INSERT INTO share (product, filter, positions, unconfirmed) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO UPDATE SET positions = excluded.positions, unconfirmed = excluded.unconfirmed
            """,
            share.Product, share.Filter, OffsetBlob.Write(share.Positions), OffsetBlob.Write(unconfirmed));
    }

    private static void Save(StateConnection connection, StoredRetained retained)
    {
        if (retained.Record.IsEmpty)
        {
            connection.Execute("DELETE FROM retained WHERE product = $1 AND topic = $2", retained.Product, retained.Topic);
            return;
        }

        connection.Execute(
            """
            INSERT INTO retained (product, topic, partition, "offset", record) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (product, topic) DO UPDATE SET partition = excluded.partition, "offset" = excluded."offset", record = excluded.record
            """,
            retained.Product, retained.Topic, (long)retained.Partition, retained.Offset, retained.Record);
    }

    private static void Save(StateConnection connection, StoredStream stream)
    {
        if (stream.Ranges.Length == 0)
        {
            connection.Execute("DELETE FROM stream WHERE partition = $1 AND key = $2", (long)stream.Partition, stream.Key);
            return;
        }

        connection.Execute(
            """
            INSERT INTO stream (partition, key, ranges, last_seen) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO UPDATE SET ranges = excluded.ranges, last_seen = excluded.last_seen
            """,
            (long)stream.Partition, stream.Key, stream.Ranges, stream.LastSeenMilliseconds);
    }
}
