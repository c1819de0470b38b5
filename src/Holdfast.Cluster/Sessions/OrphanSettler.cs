using Holdfast.Broker.Sessions;
using Holdfast.Cluster.Peers;
using Holdfast.Log.State;

namespace Holdfast.Cluster.Sessions;

/// <summary>Makes sessions of dead nodes nobody's, as exact as the log tells.</summary>
/// <param name="store">The sessions.</param>
/// <param name="replays">What dead nodes left.</param>
/// <param name="willDelay">
/// How long the will of a session waits at least whose node has died: a node that is cut off still holds its clients for so long, and a client needs time to return.
/// </param>
public sealed class OrphanSettler(IClusterSessionStore store, CrashReplays replays, TimeSpan willDelay)
{
    /// <summary>Settles a session, unless somebody else was faster.</summary>
    /// <param name="session">The session as it was found.</param>
    /// <param name="gone">The node that its row names.</param>
    /// <param name="host">Folds.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The node could not be fenced, or the log or the store failed.</exception>
    public async Task SettleAsync(StoredSession session, NodeId gone, ISessionHost host, CancellationToken cancellationToken)
    {
        var replay = await replays.OfAsync(gone, cancellationToken).ConfigureAwait(false);
        var steps = await replay.StepsOfAsync(session.Id, cancellationToken).ConfigureAwait(false);
        var exact = host.Fold(session with { Cursor = session.Cursor ?? [.. replay.Mark] }, steps);
        await store.SettleAsync(exact, gone.ToString(), willDelay).ConfigureAwait(false);
    }
}
