using Holdfast.Log.Postgres.Connections;
using Npgsql;
using NpgsqlTypes;

namespace Holdfast.Log.Postgres.Appending;

/// <summary>The statements of the fence on a connection of their own.</summary>
internal sealed class FenceDatabase(DedicatedConnection connection, bool requiresStandby) : IFenceDatabase
{
    /// <summary>
    /// The compare-and-set and the insert in one statement: the heads are locked in order, compared as they are then, and moved only when all of them
    /// match; what is inserted joins the heads that were moved.
    /// </summary>
    private const string Append =
        """
        WITH locked AS (
            SELECT h.partition
            FROM partition_head h
            JOIN unnest($1, $2, $3) AS w (partition, base_offset, epoch) ON h.partition = w.partition
            WHERE h.next_offset = w.base_offset AND h.epoch = w.epoch AND ($11 OR current_setting('synchronous_standby_names') <> '')
            ORDER BY h.partition
            FOR UPDATE OF h
        ), moved AS (
            UPDATE partition_head h
            SET next_offset = w.base_offset + w.count, bytes = h.bytes + w.length,
                first_received_at = least(h.first_received_at, w.first_received_at),
                last_received_at = greatest(h.last_received_at, w.last_received_at)
            FROM unnest($1, $2, $4, $5, $6, $7) AS w (partition, base_offset, count, length, first_received_at, last_received_at)
            WHERE h.partition = w.partition AND (SELECT count(*) FROM locked) = cardinality($1)
            RETURNING h.partition, h.segment
        ), stored AS (
            INSERT INTO batch (segment, partition, base_offset, epoch, count, length, first_received_at, last_received_at, checksum, key_filter, body)
            SELECT m.segment, w.*
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                AS w (partition, base_offset, epoch, count, length, first_received_at, last_received_at, checksum, key_filter, body)
            JOIN moved m ON m.partition = w.partition
            RETURNING segment
        )
        SELECT count(*), max(segment), current_setting('synchronous_standby_names') FROM stored
        """;

    private const string Raise =
        """
        UPDATE partition_head SET epoch = epoch + CASE WHEN owner = $2 THEN 1 ELSE 0 END
        WHERE partition = ANY ($1) AND ($3 OR current_setting('synchronous_standby_names') <> '')
        RETURNING partition, next_offset, epoch, owner
        """;

    private const string Read = "SELECT partition, next_offset, epoch, owner FROM partition_head WHERE partition = ANY ($1)";

    private const string Claim =
        """
        UPDATE partition_head SET epoch = epoch + 1, owner = $2
        WHERE partition = $1 AND (epoch = $3 OR owner = $2) AND ($4 OR current_setting('synchronous_standby_names') <> '')
        RETURNING partition, next_offset, epoch, owner, segment, first_received_at, last_received_at
        """;

    private const string Has = "SELECT EXISTS (SELECT FROM batch WHERE partition = $1 AND base_offset = $2 AND epoch = $3 AND checksum = $4)";

    private const string Standbys =
        """
        SELECT current_setting('synchronous_standby_names'), coalesce(application_name, ''), coalesce(host(client_addr), ''), coalesce(sync_state, '')
        FROM (SELECT) AS one LEFT JOIN pg_stat_replication ON true
        """;

    public ValueTask<Outcome<AppendAnswer>> AppendAsync(BatchGroup group, long[] epochs) => connection.RunAsync(
        Append,
        static () =>
        [
            Array(NpgsqlDbType.Smallint), Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Integer), Array(NpgsqlDbType.Integer),
            Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Integer), Array(NpgsqlDbType.Bytea), Array(NpgsqlDbType.Bytea),
            Scalar(NpgsqlDbType.Boolean),
        ],
        parameters => Bind(
            parameters, group.Partitions, group.BaseOffsets, epochs, group.Counts, group.Lengths, group.FirstReceivedAt, group.LastReceivedAt,
            group.Checksums, group.KeyFilters, group.Bodies, !requiresStandby),
        async reader =>
        {
            await reader.ReadAsync().ConfigureAwait(false);
            var stored = reader.GetInt64(0) == group.Count;
            return new AppendAnswer(stored, stored ? reader.GetInt64(1) : 0, reader.GetString(2));
        },
        () =>
        {
            group.Use();
            return group.Release;
        });

    public async ValueTask<Outcome<PartitionHead[]>> RaiseAsync(short[] partitions, string owner)
    {
        var raised = await connection.RunAsync(
            Raise,
            static () => [Array(NpgsqlDbType.Smallint), Scalar(NpgsqlDbType.Text), Scalar(NpgsqlDbType.Boolean)],
            parameters => Bind(parameters, partitions, owner, !requiresStandby),
            reader => HeadsAsync(reader, partitions)).ConfigureAwait(false);
        return raised is { Kind: OutcomeKind.Done, Value: null }
            ? new Outcome<PartitionHead[]>(OutcomeKind.Retry, Error: new IOException("synchronous_standby_names is empty"))
            : new Outcome<PartitionHead[]>(raised.Kind, raised.Value, raised.Error);
    }

    public async ValueTask<Outcome<PartitionHead[]>> ReadAsync(short[] partitions)
    {
        var read = await connection.RunAsync(
            Read, static () => [Array(NpgsqlDbType.Smallint)], parameters => Bind(parameters, partitions), reader => HeadsAsync(reader, partitions))
            .ConfigureAwait(false);
        return new Outcome<PartitionHead[]>(read.Kind, read.Value, read.Error);
    }

    /// <summary>Makes somebody the owner, if the epoch is as expected or it is the owner already; null when it is neither, or no standby is named.</summary>
    public ValueTask<Outcome<ClaimedHead?>> ClaimAsync(short partition, string newOwner, long expectedEpoch) => connection.RunAsync(
        Claim,
        static () =>
        [
            Scalar(NpgsqlDbType.Smallint), Scalar(NpgsqlDbType.Text), Scalar(NpgsqlDbType.Bigint), Scalar(NpgsqlDbType.Boolean),
        ],
        parameters => Bind(parameters, partition, newOwner, expectedEpoch, !requiresStandby),
        async reader => await reader.ReadAsync().ConfigureAwait(false)
            ? new ClaimedHead(Head(reader), reader.GetInt64(4), Time(reader, 5, long.MaxValue), Time(reader, 6, long.MinValue))
            : null);

    public ValueTask<Outcome<bool>> HasBatchAsync(short partition, long baseOffset, long epoch, int checksum) => connection.RunAsync(
        Has,
        static () =>
        [
            Scalar(NpgsqlDbType.Smallint), Scalar(NpgsqlDbType.Bigint), Scalar(NpgsqlDbType.Bigint), Scalar(NpgsqlDbType.Integer),
        ],
        parameters => Bind(parameters, partition, baseOffset, epoch, checksum),
        async reader => await reader.ReadAsync().ConfigureAwait(false) && reader.GetBoolean(0));

    /// <summary>Reads which standbys there are.</summary>
    public ValueTask<Outcome<(string Names, List<AttachedStandby> Standbys)>> StandbysAsync() => connection.RunAsync(
        Standbys,
        static () => [],
        static _ => { },
        async reader =>
        {
            var (names, standbys) = (string.Empty, new List<AttachedStandby>());
            while (await reader.ReadAsync().ConfigureAwait(false))
            {
                names = reader.GetString(0);
                if (reader.GetString(1) is { Length: > 0 } name)
                {
                    standbys.Add(new AttachedStandby(name, reader.GetString(2), reader.GetString(3)));
                }
            }

            return (names, standbys);
        });

    private static NpgsqlParameter Array(NpgsqlDbType element) => new() { NpgsqlDbType = NpgsqlDbType.Array | element };

    private static NpgsqlParameter Scalar(NpgsqlDbType type) => new() { NpgsqlDbType = type };

    private static void Bind(NpgsqlParameterCollection parameters, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            parameters[i].Value = values[i];
        }
    }

    /// <summary>The heads in the order given; null when there is no row at all.</summary>
    private static async Task<PartitionHead[]?> HeadsAsync(NpgsqlDataReader reader, short[] partitions)
    {
        var heads = new PartitionHead[partitions.Length];
        var found = 0;
        for (; await reader.ReadAsync().ConfigureAwait(false); found++)
        {
            var head = Head(reader);
            heads[System.Array.IndexOf(partitions, (short)head.Partition)] = head;
        }

        return found == partitions.Length ? heads
            : found == 0 ? null
            : throw new InvalidDataException("A row of partition_head is missing: the schema was changed by hand.");
    }

    private static long Time(NpgsqlDataReader row, int column, long none) => row.IsDBNull(column) ? none : row.GetInt64(column);

    private static PartitionHead Head(NpgsqlDataReader reader)
        => new(reader.GetInt16(0), reader.GetInt64(1), reader.GetInt64(2), reader.IsDBNull(3) ? null : reader.GetString(3));
}
