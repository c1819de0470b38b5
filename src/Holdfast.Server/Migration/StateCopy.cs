using Holdfast.Log.Postgres;
using Holdfast.Log.State;

namespace Holdfast.Server.Migration;

/// <summary>Copies what is folded and kept beside the log. All of it may be copied again.</summary>
internal sealed class StateCopy(SqliteStateStore source, PostgresStateStore target, PostgresPartitionLog log)
{
    private const int RowsAtOnce = 500;

    /// <summary>Copies everything.</summary>
    public async Task<MigrateResult> RunAsync(CancellationToken cancellationToken)
    {
        var checkpoint = await ((ICheckpointStore)source).LoadAsync(cancellationToken);
        var (sessions, shared) = await CopySessionsAsync(checkpoint, cancellationToken);
        var retained = await CopyProjectionsAsync(checkpoint, cancellationToken);
        var integrations = await CopyIntegrationsAsync(cancellationToken);
        await CopyIdentitiesAsync(cancellationToken);
        return new MigrateResult { Sessions = sessions, SharedSubscriptions = shared, Retained = retained, Integrations = integrations };
    }

    private async Task<(int Sessions, int Shared)> CopySessionsAsync(StoredCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var sessions = 0;
        var shared = 0;
        var progress = new List<SessionProgress>();
        var begun = new Dictionary<(string Product, string Filter), long[]>();
        await foreach (var session in ((ISessionStore)source).LoadAsync(cancellationToken))
        {
            // The mark of a single machine means nothing to a node: every session gets a cursor of its own.
            var cursor = session.Cursor ?? checkpoint.Mark;
            await target.SaveAsync(session with { Cursor = cursor, DisconnectedAt = session.DisconnectedAt ?? DateTimeOffset.UtcNow });
            await target.SaveSubscriptionsAsync(session.Id, session.Subscriptions, []);
            progress.Add(new SessionProgress(session.Id, cursor, session.Exchanges));
            foreach (var subscription in session.Subscriptions.Where(one => one.Filter.StartsWith("$share/", StringComparison.Ordinal)))
            {
                shared++;
                var key = (session.Product, subscription.Filter);
                begun[key] = [.. subscription.Since.Zip(begun.GetValueOrDefault(key, subscription.Since), Math.Min)];
            }

            sessions++;
        }

        foreach (var some in progress.Chunk(RowsAtOnce))
        {
            await SaveAsync(checkpoint, new CheckpointChanges { AppliedOffsets = checkpoint.AppliedOffsets, Mark = checkpoint.Mark, Sessions = some });
        }

        await CopySharesAsync(checkpoint, begun, cancellationToken);
        return (sessions, shared);
    }

    /// <summary>Where the shares stand: as stored, or else at the mark, but not before they began.</summary>
    /// <param name="checkpoint">Where the fold stands.</param>
    /// <param name="begun">The earliest beginning of each share that a member knows.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async Task CopySharesAsync(StoredCheckpoint checkpoint, Dictionary<(string Product, string Filter), long[]> begun, CancellationToken cancellationToken)
    {
        var stored = await source.LoadSharesAsync(cancellationToken).ToDictionaryAsync(share => (share.Product, share.Filter), cancellationToken: cancellationToken);
        foreach (var (key, since) in begun)
        {
            var share = stored.GetValueOrDefault(key);
            await target.AddSharesAsync(
            [
                .. (share?.Positions ?? checkpoint.Mark).Select((position, partition) => new StoredSharePartition(
                    key.Product, key.Filter, partition, Math.Max(position, since[partition]),
                    [.. (share?.Unconfirmed ?? []).Where(one => one.Partition == partition && one.Offset >= since[partition]).Select(one => one.Offset)], [])),
            ]);
        }
    }

    private async Task<int> CopyProjectionsAsync(StoredCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var retained = await source.LoadRetainedAsync(cancellationToken).ToListAsync(cancellationToken);
        foreach (var some in retained.Chunk(RowsAtOnce))
        {
            await SaveAsync(checkpoint, new CheckpointChanges { AppliedOffsets = checkpoint.AppliedOffsets, Mark = checkpoint.Mark, Retained = some });
        }

        await foreach (var some in source.LoadStreamsAsync(cancellationToken).Chunk(RowsAtOnce))
        {
            await SaveAsync(checkpoint, new CheckpointChanges { AppliedOffsets = checkpoint.AppliedOffsets, Mark = checkpoint.Mark, Streams = some });
        }

        return retained.Count;
    }

    private async Task<int> CopyIntegrationsAsync(CancellationToken cancellationToken)
    {
        var integrations = await ((IIntegrationStore)source).LoadAsync(cancellationToken);
        foreach (var integration in integrations)
        {
            if (!await target.AddAsync(integration))
            {
                await target.SaveCursorAsync(integration.Product, integration.Name, integration.Cursor);
            }
        }

        return integrations.Count;
    }

    /// <summary>An entry that is there already was copied before.</summary>
    private async Task CopyIdentitiesAsync(CancellationToken cancellationToken)
    {
        await foreach (var identity in source.LoadChangesAsync(0, cancellationToken))
        {
            await target.SaveAsync(identity with { Revision = 0 });
        }
    }

    private ValueTask SaveAsync(StoredCheckpoint checkpoint, CheckpointChanges changes)
        => new PostgresClusterCheckpoints(target, log).SaveAsync(changes with { AppliedOffsets = checkpoint.AppliedOffsets });
}
