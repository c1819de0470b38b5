using Holdfast.Broker.Wills;
using Holdfast.Log.State;

namespace Holdfast.Broker.Sessions;

/// <summary>Takes sessions out of the memory of the node, and ends them for good.</summary>
internal sealed class SessionEnding(SessionServices services, ISessionStore store, WillScheduler wills)
{
    /// <summary>Ends a session for good, in memory and in the store. A will that still waits is sent [MQTT-3.1.2-8].</summary>
    public async Task EndAsync(Session session)
    {
        Forget(session);
        await wills.PublishNowAsync(session).ConfigureAwait(false);
        if (session.IsStored)
        {
            await store.RemoveAsync(session.Id).ConfigureAwait(false);
        }
    }

    /// <summary>Nothing reaches the session any more.</summary>
    public void Forget(Session session)
    {
        session.End();
        lock (session.Lock)
        {
            session.Subscriptions.LeaveIndex();
        }

        lock (services.Feed.Gate)
        {
            foreach (var shared in session.Subscriptions.Shared)
            {
                services.Shared.Leave(shared, session);
            }
        }
    }
}
