using Holdfast.Broker.Sessions;
using Holdfast.Broker.Topics;
using Holdfast.Log.State;

namespace Holdfast.Broker.Access;

/// <summary>Takes away the subscriptions of a session that its owner may not have any more.</summary>
internal static class SubscriptionGuard
{
    /// <summary>Removes them, here and in the store. The session is claimed and nothing is sent to it yet.</summary>
    /// <returns>False when the session is another node's by now.</returns>
    public static async Task<bool> RemoveForbiddenAsync(SessionServices services, ISessionStore store, Session session, Rights rights)
    {
        if (!session.HasForbiddenSubscription(rights))
        {
            return true;
        }

        List<string> removed;
        lock (services.Feed.Gate)
        {
            var sharedBefore = session.Subscriptions.Shared;
            lock (session.Lock)
            {
                TopicFilter[] forbidden = [.. session.Subscriptions.All.Select(one => one.Filter).Where(filter => !rights.MaySubscribe(filter))];
                removed = [.. forbidden.Select(filter => filter.ToString())];
                Array.ForEach(forbidden, filter => session.Subscriptions.Remove(filter));
                removed.ForEach(session.RemoveReplay);
            }

            foreach (var shared in sharedBefore.Except(session.Subscriptions.Shared))
            {
                services.Shared.Leave(shared, session);
            }
        }

        return !session.IsPersistent || await store.SaveSubscriptionsAsync(session.Id, [], removed).ConfigureAwait(false);
    }
}
