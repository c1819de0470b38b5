using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>The statements of shared subscriptions in a cluster. A keeper changes its rows without an epoch: a node's name is that of one life, and its changes come in order.</summary>
internal static class SharePartitionRows
{
    private const string Columns = "product, filter, partition, position, unconfirmed, handed_out, keeper";

    private const string IsSubscribed =
        """
        EXISTS (SELECT FROM subscription u JOIN session s ON s.id = u.session_id
            WHERE u.filter LIKE '$share/%' AND u.filter = p.filter AND s.product = p.product)
        """;

    private const string NotFenced = "EXISTS (SELECT FROM node WHERE id = $1 AND fenced_at IS NULL)";

    /// <summary>Of one share, whose rows of before are of one that has ended: nobody subscribes to it.</summary>
    private const string RemoveOld =
        $"DELETE FROM share_partition p USING session mine WHERE mine.id = $1 AND mine.node = $2 AND p.product = mine.product AND p.filter = $3 AND NOT {IsSubscribed}";

    private const string AddNew =
        """
        INSERT INTO share_partition (product, filter, partition, position)
        SELECT mine.product, $3::text, since.number - 1, since.position FROM session mine, unnest($4::bigint[]) WITH ORDINALITY AS since (position, number)
        WHERE mine.id = $1 AND mine.node = $2
        ON CONFLICT (product, filter, partition) DO NOTHING
        """;

    private const string AddMissing =
        $"""
        INSERT INTO share_partition (product, filter, partition, position)
        SELECT $2::text, $3::text, $4::smallint, $5::bigint WHERE {NotFenced}
        ON CONFLICT (product, filter, partition) DO NOTHING
        """;

    private const string Take =
        $"""
        UPDATE share_partition SET keeper = $1
        WHERE product = $2 AND filter = $3 AND partition = ANY ($4) AND (keeper IS NULL OR keeper = $1) AND {NotFenced}
        """;

    private const string SaveKept =
        $"""
        UPDATE share_partition SET position = $5, unconfirmed = $6, handed_out = $7
        WHERE keeper = $1 AND product = $2 AND filter = $3 AND partition = $4 AND {NotFenced}
        """;

    private const string ReleaseKept =
        """
        UPDATE share_partition SET keeper = NULL, position = $5, unconfirmed = $6, handed_out = $7
        WHERE keeper = $1 AND product = $2 AND filter = $3 AND partition = $4
        """;

    private const string SettleGone =
        """
        UPDATE share_partition SET keeper = NULL, position = $5, unconfirmed = $6, handed_out = $7
        WHERE keeper = $1 AND product = $2 AND filter = $3 AND partition = $4 AND EXISTS (SELECT FROM node WHERE id = $1 AND fenced_at IS NOT NULL)
        """;

    private const string Copy =
        """
        INSERT INTO share_partition (product, filter, partition, position, unconfirmed) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (product, filter, partition) DO UPDATE SET position = excluded.position, unconfirmed = excluded.unconfirmed
        """;

    public static string Of => $"SELECT {Columns} FROM share_partition WHERE product = $1 AND filter = $2 ORDER BY partition";

    public static string OfKeeper => $"SELECT {Columns} FROM share_partition WHERE keeper = $1 ORDER BY product, filter, partition LIMIT $2";

    /// <summary>Begins a share with its first member. In the transaction that stores the subscription, and before it.</summary>
    public static IEnumerable<StateCommand> Begin(ulong sessionId, string node, StoredSubscription subscription) => !subscription.Filter.StartsWith("$share/", StringComparison.Ordinal)
        ? []
        :
        [
            StateCommand.Of(RemoveOld, (long)sessionId, node, subscription.Filter),
            StateCommand.Of(AddNew, (long)sessionId, node, subscription.Filter, subscription.Since),
        ];

    public static StateChange TakeFree(string node, string product, string filter, long[] since, IReadOnlyList<int> partitions) => new(
    [
        .. partitions.Select(partition => StateCommand.Of(AddMissing, node, product, filter, (short)partition, since[partition])),
        StateCommand.Of(Take, node, product, filter, partitions.Select(partition => (short)partition).ToArray()),
    ]);

    public static StateCommand Save(string node, StoredSharePartition part) => StateCommand.Of(SaveKept, Values(node, part));

    public static StateChange Release(string node, IReadOnlyList<StoredSharePartition> parts) => new([.. parts.Select(part => StateCommand.Of(ReleaseKept, Values(node, part)))]);

    public static StateChange Settle(string gone, StoredSharePartition part) => new([StateCommand.Of(SettleGone, Values(gone, part))]);

    public static StateChange RemoveEnded() => new([StateCommand.Of($"DELETE FROM share_partition p WHERE keeper IS NULL AND NOT {IsSubscribed}")]);

    /// <summary>For what comes from one machine: nobody keeps it yet.</summary>
    public static StateChange Add(IReadOnlyList<StoredSharePartition> parts) => new(
        [.. parts.Select(part => StateCommand.Of(Copy, part.Product, part.Filter, (short)part.Partition, part.Position, part.Unconfirmed))]);

    public static StoredSharePartition Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetInt16(2), row.GetInt64(3), row.GetFieldValue<long[]>(4), row.GetFieldValue<long[]>(5))
    {
        Keeper = row.IsDBNull(6) ? null : row.GetString(6),
    };

    private static object?[] Values(string node, StoredSharePartition part)
        => [node, part.Product, part.Filter, (short)part.Partition, part.Position, part.Unconfirmed, part.HandedOut];
}
