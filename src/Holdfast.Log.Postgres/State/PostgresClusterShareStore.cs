using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>The shared subscriptions of a cluster, for the node that <see cref="PostgresOptions.Owner"/> names.</summary>
internal sealed class PostgresClusterShareStore(PooledWork work, StateWriter writer, PostgresOptions options) : IClusterShareStore
{
    public string Node => options.Owner;

    public async ValueTask<IReadOnlyList<StoredSharePartition>> LoadAsync(string product, string filter, CancellationToken cancellationToken)
        => await ReadAsync(StateCommand.Of(SharePartitionRows.Of, product, filter), cancellationToken).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<StoredSharePartition>> TakeAsync(string product, string filter, long[] since, IReadOnlyList<int> partitions)
    {
        await writer.RunAsync(SharePartitionRows.TakeFree(Node, product, filter, since, partitions)).ConfigureAwait(false);

        // Read afterwards: a row that names this node is changed by nobody else, unless this node is fenced.
        var rows = await LoadAsync(product, filter, CancellationToken.None).ConfigureAwait(false);
        return [.. rows.Where(row => row.Keeper == Node && partitions.Contains(row.Partition))];
    }

    public async ValueTask ReleaseAsync(IReadOnlyList<StoredSharePartition> parts) => await writer.RunAsync(SharePartitionRows.Release(Node, parts)).ConfigureAwait(false);

    public async ValueTask SettleAsync(StoredSharePartition part, string gone) => await writer.RunAsync(SharePartitionRows.Settle(gone, part)).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<StoredSharePartition>> LoadOfAsync(string node, int limit, CancellationToken cancellationToken)
        => await ReadAsync(StateCommand.Of(SharePartitionRows.OfKeeper, node, limit), cancellationToken).ConfigureAwait(false);

    public async ValueTask RemoveEndedAsync() => await writer.RunAsync(SharePartitionRows.RemoveEnded()).ConfigureAwait(false);

    private async Task<List<StoredSharePartition>> ReadAsync(StateCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await work.RunAsync(
                async connection =>
                {
                    await using var batch = new NpgsqlBatch(connection) { BatchCommands = { command.ToBatch() } };
                    await using var rows = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                    var result = new List<StoredSharePartition>();
                    while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                    {
                        result.Add(SharePartitionRows.Read(rows));
                    }

                    return result;
                },
                cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
        catch (Exception error) when (error is NpgsqlException or DatabaseUnavailableException)
        {
            throw StateWriter.Translate(error, options.Schema);
        }
    }
}
