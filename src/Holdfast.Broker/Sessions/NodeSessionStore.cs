using Holdfast.Log.State;

namespace Holdfast.Broker.Sessions;

/// <summary>The cluster's sessions as a broker of one machine knows them: those that this node has. None is loaded at the start; their clients bring them.</summary>
internal sealed class NodeSessionStore(IClusterSessionStore store) : ISessionStore
{
    public async IAsyncEnumerable<StoredSession> LoadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield break;
    }

    public ValueTask<bool> SaveAsync(StoredSession session) => store.SaveAsync(session);

    public ValueTask<bool> SaveSubscriptionsAsync(ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters)
        => store.SaveSubscriptionsAsync(sessionId, saved, removedFilters);

    public ValueTask RemoveAsync(ulong sessionId) => store.RemoveAsync(sessionId);
}
