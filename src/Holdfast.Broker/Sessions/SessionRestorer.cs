using Holdfast.Broker.Checkpoints;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Sessions;

/// <summary>Makes a session of what is stored of it, its subscriptions included; nobody can claim it yet.</summary>
/// <param name="services">What the parts of the broker share.</param>
/// <param name="check">Judges offsets that were stored; it may lower them.</param>
internal sealed class SessionRestorer(SessionServices services, Func<long[], long[]> check)
{
    /// <summary>Restores a session.</summary>
    /// <param name="stored">What is stored.</param>
    /// <param name="mark">Its position, when it has no cursor of its own.</param>
    public Session Restore(StoredSession stored, long[] mark)
    {
        var session = new Session(services, stored.Id, stored.Product, stored.ClientId)
        {
            Epoch = stored.Epoch,
            ExpirySeconds = stored.ExpirySeconds,
            DisconnectedAt = stored.DisconnectedAt ?? services.Time.GetUtcNow(),
            Will = stored.Will,
            IsStored = true,
            StoredCursor = stored.Cursor,
            Positions = [.. stored.Cursor ?? mark],
        };
        check(session.Positions);

        foreach (var subscription in stored.Subscriptions)
        {
            if (TopicFilter.TryParse(subscription.Filter, out var filter, out var problem)
                && SubscriptionOptions.TryFromByte(subscription.Options, out var options))
            {
                var restored = new Subscription<LogSubscriber>(filter, options, subscription.Identifier, check([.. subscription.Since]), session);
                Restore(session, restored);
                if (subscription.RetainedAsOf is { } asOf)
                {
                    session.Replays.Add(restored, asOf);
                    session.StoredReplays.Add(subscription.Filter);
                }
            }
            else
            {
                services.Logger.LogError("Session {Client}: the stored subscription {Filter} is not valid: {Problem}", stored.ClientId, subscription.Filter, problem);
            }
        }

        if (stored.Exchanges is { } exchanges)
        {
            ExchangesEncoding.Decode(exchanges, session, services);
            check(session.AssignedThrough ?? []);
        }

        return session;
    }

    private void Restore(Session session, Subscription<LogSubscriber> subscription)
    {
        if (services.SessionsTravel)
        {
            RestoreWhileOthersRun(session, subscription);
            return;
        }

        session.Subscriptions.Set(subscription);
        if (subscription.Filter.IsShared)
        {
            services.Shared.GetOrAdd(session.Product, subscription.Filter).RestoreMember(session, subscription, subscription.Since!);
        }
    }

    /// <summary>The share may be in use by other sessions of this node. Where it stands, its rows tell.</summary>
    private void RestoreWhileOthersRun(Session session, Subscription<LogSubscriber> subscription)
    {
        if (!subscription.Filter.IsShared)
        {
            session.Subscriptions.Set(subscription);
            return;
        }

        lock (services.Feed.Gate)
        {
            session.Subscriptions.Set(subscription);
            services.Shared.GetOrAdd(session.Product, subscription.Filter).Join(session, subscription, services.Feed.Dispatched);
        }
    }
}
