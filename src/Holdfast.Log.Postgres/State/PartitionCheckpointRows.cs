using Holdfast.Log.State;

namespace Holdfast.Log.Postgres.State;

/// <summary>
/// What the owner of a partition has folded from it. Every row carries the owner's epoch, and nothing written under a lower one replaces it: an owner that was
/// fenced while it wrote does no harm.
/// </summary>
internal static class PartitionCheckpointRows
{
    public const string Applied = "SELECT partition, applied_offset FROM partition_checkpoint";

    public const string AppliedOf = "SELECT applied_offset FROM partition_checkpoint WHERE partition = $1";

    public const string StreamsOf = "SELECT partition, key, ranges, last_seen FROM stream WHERE partition = $1";

    public static StateCommand Save(int partition, long appliedOffset, long epoch) => StateCommand.Of(
        """
        INSERT INTO partition_checkpoint AS c (partition, applied_offset, epoch) VALUES ($1, $2, $3)
        ON CONFLICT (partition) DO UPDATE SET applied_offset = greatest(c.applied_offset, excluded.applied_offset), epoch = excluded.epoch
        WHERE c.epoch <= excluded.epoch
        """,
        (short)partition, appliedOffset, epoch);

    public static StateCommand Save(StoredStream stream, long epoch) => stream.Ranges.Length == 0
        ? StateCommand.Of("DELETE FROM stream WHERE partition = $1 AND key = $2 AND epoch <= $3", (short)stream.Partition, stream.Key, epoch)
        : StateCommand.Of(
            """
            INSERT INTO stream AS s (partition, key, ranges, last_seen, epoch) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (partition, key) DO UPDATE SET ranges = excluded.ranges, last_seen = excluded.last_seen, epoch = excluded.epoch
            WHERE s.epoch <= excluded.epoch
            """,
            (short)stream.Partition, stream.Key, stream.Ranges, stream.LastSeenMilliseconds, epoch);

    public static StateCommand Save(StoredRetained retained, long epoch) => retained.Record.IsEmpty
        ? StateCommand.Of(
            $"DELETE FROM retained WHERE product = $1 AND topic = $2 AND \"offset\" <= $3 AND {IsOwner(4, 5)}",
            retained.Product, retained.Topic, retained.Offset, (short)retained.Partition, epoch)
        : StateCommand.Of(
            $"""
            INSERT INTO retained AS r (product, topic, partition, "offset", record) SELECT $1, $2, $3, $4, $5 WHERE {IsOwner(3, 6)}
            ON CONFLICT (product, topic) DO UPDATE SET partition = excluded.partition, "offset" = excluded."offset", record = excluded.record
            WHERE r."offset" <= excluded."offset"
            """,
            retained.Product, retained.Topic, (short)retained.Partition, retained.Offset, retained.Record, epoch);

    /// <summary>A topic that was removed leaves no row that could tell an old writer from a new one; so the head is asked.</summary>
    private static string IsOwner(int partition, int epoch)
        => $"EXISTS (SELECT FROM partition_head WHERE partition = ${partition} AND epoch = ${epoch})";
}
