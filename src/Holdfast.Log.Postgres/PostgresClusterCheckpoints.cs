using Holdfast.Log.Postgres.State;
using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres;

/// <summary>
/// The checkpoints of one node of a cluster. Streams and retained messages are saved by the owner of their partition only; deduplication streams are loaded by
/// whoever takes a partition over (<see cref="LoadPartitionAsync"/>), not at the start of a node. Sessions are not loaded at all: they come with their clients.
/// </summary>
/// <param name="store">The state of the cluster.</param>
/// <param name="log">Tells what this process owns.</param>
public sealed class PostgresClusterCheckpoints(PostgresStateStore store, PostgresPartitionLog log) : ICheckpointStore
{
    /// <inheritdoc/>
    /// <remarks>The applied offsets are those of all owners; the mark means nothing here.</remarks>
    public async ValueTask<StoredCheckpoint> LoadAsync(CancellationToken cancellationToken)
    {
        var applied = new long[store.PartitionCount];
        await store.Work.RunAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand(PartitionCheckpointRows.Applied, connection);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    applied[reader.GetInt16(0)] = reader.GetInt64(1);
                }

                return true;
            },
            cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return new StoredCheckpoint(applied, new long[store.PartitionCount]);
    }

    /// <summary>What the last owner of a partition has folded.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The first record that is not folded in, and the deduplication streams up to there.</returns>
    public async Task<(long AppliedOffset, IReadOnlyList<StoredStream> Streams)> LoadPartitionAsync(int partition, CancellationToken cancellationToken)
        => await store.Work.RunAsync(
            async connection =>
            {
                // The offset first: streams that are newer only fold records in that come again.
                await using var applied = new NpgsqlCommand(PartitionCheckpointRows.AppliedOf, connection) { Parameters = { new NpgsqlParameter { Value = (short)partition } } };
                var offset = await applied.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as long? ?? 0;
                await using var command = new NpgsqlCommand(PartitionCheckpointRows.StreamsOf, connection) { Parameters = { new NpgsqlParameter { Value = (short)partition } } };
                await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                var streams = new List<StoredStream>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    streams.Add(CheckpointRows.ReadStream(reader));
                }

                return (offset, (IReadOnlyList<StoredStream>)streams);
            },
            cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredRetained> LoadRetainedAsync(CancellationToken cancellationToken) => store.LoadRetainedAsync(cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredStream> LoadStreamsAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<StoredStream>();

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredShare> LoadSharesAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<StoredShare>();

    /// <inheritdoc/>
    public async ValueTask SaveAsync(CheckpointChanges changes)
    {
        var commands = new List<StateCommand>();
        commands.AddRange(changes.Retained.Where(one => log.IsOwned(one.Partition)).Select(one => PartitionCheckpointRows.Save(one, log.Epoch(one.Partition))));
        commands.AddRange(changes.Streams.Where(one => log.IsOwned(one.Partition)).Select(one => PartitionCheckpointRows.Save(one, log.Epoch(one.Partition))));
        for (var partition = 0; partition < changes.AppliedOffsets.Length; partition++)
        {
            if (log.IsOwned(partition))
            {
                commands.Add(PartitionCheckpointRows.Save(partition, changes.AppliedOffsets[partition], log.Epoch(partition)));
            }
        }

        commands.AddRange(changes.Sessions.Select(SessionRows.SaveProgress));
        if (commands.Count > 0)
        {
            await store.Writer.RunAsync(new StateChange(commands)).ConfigureAwait(false);
        }
    }
}
