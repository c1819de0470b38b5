using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>The sessions of a cluster, for the node that <see cref="PostgresOptions.Owner"/> names.</summary>
internal sealed class PostgresClusterSessionStore(PooledWork work, StateWriter writer, PostgresOptions options) : IClusterSessionStore
{
    public string Node => options.Owner;

    public async ValueTask RegisterAsync(string zone, long[] mark) => await writer.RunAsync(ClusterSessionRows.Register(Node, zone, mark)).ConfigureAwait(false);

    public ValueTask<bool> SaveProgressAsync(long[] mark, IReadOnlyList<SessionProgress> progress, IReadOnlyList<StoredSharePartition>? shares)
        => writer.RunAsync(ClusterSessionRows.SaveProgress(Node, mark, progress, shares ?? []));

    public ValueTask<bool> FenceAsync(string node) => writer.RunAsync(ClusterSessionRows.FenceNode(node, Node));

    public async ValueTask<IReadOnlyList<StoredNode>> LoadNodesAsync(CancellationToken cancellationToken)
        => await ReadAsync([ClusterSessionRows.AllNodes], ClusterSessionRows.ReadNode, cancellationToken).ConfigureAwait(false);

    public async ValueTask ForgetNodesAsync(TimeSpan fencedFor) => await writer.RunAsync(ClusterSessionRows.ForgetNodes(fencedFor)).ConfigureAwait(false);

    public async ValueTask<HeldSession?> TakeAsync(string product, string clientId)
    {
        try
        {
            return await work.RunAsync(connection => TakeAsync(connection, product, clientId), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
        catch (Exception error) when (error is NpgsqlException or DatabaseUnavailableException)
        {
            throw StateWriter.Translate(error, options.Schema);
        }
    }

    public ValueTask<bool> AddAsync(StoredSession session, ulong replacedId) => writer.RunAsync(ClusterSessionRows.AddSession(session, replacedId, Node));

    public ValueTask<bool> SaveAsync(StoredSession session) => writer.RunAsync(ClusterSessionRows.SaveSession(session, Node));

    public ValueTask<bool> SaveSubscriptionsAsync(ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters)
        => writer.RunAsync(ClusterSessionRows.SaveSubscriptions(sessionId, saved, removedFilters, Node));

    public ValueTask<bool> ReleaseAsync(StoredSession session) => writer.RunAsync(ClusterSessionRows.ReleaseSession(session, Node));

    public async ValueTask RemoveAsync(ulong sessionId) => await writer.RunAsync(ClusterSessionRows.RemoveSession(sessionId, Node)).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<StoredSession>> LoadSessionsOfAsync(string node, int limit, CancellationToken cancellationToken)
        => await ReadAsync([StateCommand.Of(ClusterSessionRows.SessionsOf, node, limit)], ClusterSessionRows.Read, cancellationToken).ConfigureAwait(false);

    public ValueTask<bool> SettleAsync(StoredSession session, string node, TimeSpan willDelay)
        => writer.RunAsync(ClusterSessionRows.SettleSession(session, node, willDelay));

    public async ValueTask<bool> HasSubscriberAsync(string product, string topic, CancellationToken cancellationToken)
        => (await ReadAsync([StateCommand.Of(ClusterSessionRows.Subscriber, product, MatchingFilters.PatternOf(topic))], _ => true, cancellationToken).ConfigureAwait(false)).Count > 0;

    public async ValueTask TickAsync() => await writer.RunAsync(ClusterSessionRows.TickClock()).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<StoredSession>> LoadDueWillsAsync(int limit, CancellationToken cancellationToken)
        => await ReadAsync([StateCommand.Of(ClusterSessionRows.DueWills, limit)], ClusterSessionRows.Read, cancellationToken).ConfigureAwait(false);

    public async ValueTask ClearWillAsync(StoredSession session) => await writer.RunAsync(ClusterSessionRows.ClearWill(session)).ConfigureAwait(false);

    public ValueTask<bool> RemoveExpiredAsync(int limit) => writer.RunAsync(ClusterSessionRows.RemoveExpiredSessions(limit));

    /// <summary>One transaction. Repeated after an unknown outcome it takes the session again from this node itself.</summary>
    private async Task<HeldSession?> TakeAsync(NpgsqlConnection connection, string product, string clientId)
    {
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        if (options.Durability.RequiresSynchronousStandby)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(StateWriter.RequireStandby));
        }

        foreach (var command in ClusterSessionRows.TakeSession(product, clientId, Node))
        {
            batch.BatchCommands.Add(command.ToBatch());
        }

        using var warnings = new CommitWarnings(connection);
        HeldSession? held;
        try
        {
            held = await ReadTakenAsync(batch).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.DivisionByZero)
        {
            throw StateWriter.NoStandby(error);
        }

        warnings.ThrowIfAny();
        return held;
    }

    private async Task<HeldSession?> ReadTakenAsync(NpgsqlBatch batch)
    {
        await using var rows = await batch.ExecuteReaderAsync().ConfigureAwait(false);
        if (options.Durability.RequiresSynchronousStandby)
        {
            await rows.NextResultAsync().ConfigureAwait(false);
        }

        var held = await rows.ReadAsync().ConfigureAwait(false) ? ClusterSessionRows.ReadHeld(rows) : null;
        await rows.NextResultAsync().ConfigureAwait(false);
        var subscriptions = new List<StoredSubscription>();
        while (await rows.ReadAsync().ConfigureAwait(false))
        {
            subscriptions.Add(ClusterSessionRows.ReadSubscription(rows));
        }

        return held is null ? null : held with { Session = held.Session with { Subscriptions = subscriptions } };
    }

    private async Task<List<T>> ReadAsync<T>(StateCommand[] commands, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        try
        {
            return await work.RunAsync(
                async connection =>
                {
                    await using var batch = new NpgsqlBatch(connection);
                    Array.ForEach(commands, command => batch.BatchCommands.Add(command.ToBatch()));
                    await using var rows = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                    var result = new List<T>();
                    while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                    {
                        result.Add(read(rows));
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
