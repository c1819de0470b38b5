using Holdfast.Broker.Sessions;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;
using Holdfast.Log.State;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Connections;

/// <summary>
/// SUBSCRIBE and UNSUBSCRIBE. A subscription of a persistent session is on disk before it is acknowledged. The retained messages are those as
/// of one position of the log, and what comes after that position is delivered live: nothing is missed between the two, or sent twice.
/// </summary>
internal sealed class SubscriptionHandler(SessionServices services, ISessionStore store)
{
    public async Task SubscribeAsync(ClientConnection connection, SubscribePacket packet)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var session = connection.Session!;
        var rights = connection.Identity.Rights;
        long[] since;
        lock (services.Feed.Gate)
        {
            // Inside the gate: what a publisher knows to be committed is before the subscription.
            since = [.. services.Feed.Dispatched];
        }

        var accepted = new List<(Subscription<LogSubscriber> Subscription, bool IsNew)>();
        var reasons = new ReasonCode[packet.Requests.Count];
        for (var index = 0; index < reasons.Length; index++)
        {
            reasons[index] = Accept(connection, packet, packet.Requests[index], since, accepted);
        }

        if (IsStored(session, accepted.Any(one => one.Subscription.Filter.IsShared)) && accepted.Count > 0)
        {
            try
            {
                List<StoredSubscription> saved;
                lock (services.Feed.Gate)
                {
                    saved = accepted.Select(one => ToStored(session, one.Subscription, one.IsNew, since)).Reverse<StoredSubscription>().DistinctBy(one => one.Filter).ToList();
                }

                if (!await store.SaveSubscriptionsAsync(session.Id, saved, []).ConfigureAwait(false))
                {
                    CloseForLostSession(connection);
                    return;
                }
            }
            catch (StateStoreFullException exception)
            {
                services.Logger.LogWarning("Subscriptions of {Client} refused: {Message}", session.ClientId, exception.Message);
                accepted.Clear();
                Array.Fill(reasons, ReasonCode.QuotaExceeded);
            }
        }

        CountRefused(session, reasons);
        GoLive(connection, session, accepted, new SubscriptionAckPacket { Type = PacketType.SubAck, PacketId = packet.PacketId, Reasons = reasons });
        connection.Output.Flush();
        if (rights != connection.Identity.Rights && session.HasForbiddenSubscription(connection.Identity.Rights))
        {
            // The registry has changed between the judgement and the subscription.
            connection.Close(ReasonCode.AdministrativeAction, "What this client may subscribe to has changed. Connect again.");
        }
    }

    public async Task UnsubscribeAsync(ClientConnection connection, UnsubscribePacket packet)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var session = connection.Session!;
        var reasons = new ReasonCode[packet.Filters.Count];
        lock (services.Feed.Gate)
        {
            var sharedBefore = session.Subscriptions.Shared;
            lock (session.Lock)
            {
                for (var index = 0; index < reasons.Length; index++)
                {
                    var isRemoved = TopicFilter.TryParse(packet.Filters[index], out var filter, out _) && session.Subscriptions.Remove(filter);
                    reasons[index] = isRemoved ? ReasonCode.Success : ReasonCode.NoSubscriptionExisted;
                    session.RemoveReplay(packet.Filters[index]);
                }
            }

            foreach (var shared in sharedBefore.Except(session.Subscriptions.Shared))
            {
                services.Shared.Leave(shared, session);
            }
        }

        if (IsStored(session, packet.Filters.Any(filter => filter.StartsWith("$share/", StringComparison.Ordinal))))
        {
            // Deleting needs no room that the store does not keep in reserve.
            if (!await store.SaveSubscriptionsAsync(session.Id, [], packet.Filters).ConfigureAwait(false))
            {
                CloseForLostSession(connection);
                return;
            }
        }

        ControlPackets.Write(connection, new SubscriptionAckPacket { Type = PacketType.UnsubAck, PacketId = packet.PacketId, Reasons = reasons });
        connection.Output.Flush();
    }

    private void CountRefused(Session session, ReasonCode[] reasons)
    {
        foreach (var reason in reasons.Where(reason => reason >= ReasonCode.UnspecifiedError))
        {
            services.Metrics.SubscribeRefused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
            services.Refusals.Note("subscribe", reason.ToString(), $"{session.ClientId} of {session.Product}.");
        }
    }

    /// <summary>In a cluster a shared subscription lasts as long as somebody has it stored, so every member has.</summary>
    private bool IsStored(Session session, bool hasShared) => session.IsPersistent || (services.SessionsTravel && hasShared);

    /// <summary>Another node has it: the client must go on there, or connect again.</summary>
    private static void CloseForLostSession(ClientConnection connection)
        => connection.Close(ReasonCode.SessionTakenOver, "The session is on another node by now. Connect again.");

    private StoredSubscription ToStored(Session session, Subscription<LogSubscriber> subscription, bool isNew, long[] since)
    {
        var filter = subscription.Filter.ToString();

        // Of a shared subscription each member knows where it began: the first one may leave. In a cluster its rows know.
        var shared = subscription.Filter.IsShared && !services.SessionsTravel ? session.Subscriptions.Shared.FirstOrDefault(one => one.FullFilter == filter) : null;
        return new StoredSubscription(filter, subscription.Options.ToByte(), subscription.Identifier, shared?.Since ?? subscription.Since ?? since)
        {
            RetainedAsOf = services.SessionsTravel && WantsRetained(session, subscription, isNew) ? since : null,
        };
    }

    private bool WantsRetained(Session session, Subscription<LogSubscriber> subscription, bool isNew)
    {
        var handling = subscription.Filter.IsShared ? RetainHandling.DoNotSend : subscription.Options.RetainHandling;
        return (handling == RetainHandling.Send || (handling == RetainHandling.SendIfNew && isNew)) && services.Retained.Any(session.ProductUtf8, subscription.Filter);
    }

    private ReasonCode Accept(
        ClientConnection connection, SubscribePacket packet, SubscriptionRequest request, long[] since, List<(Subscription<LogSubscriber> Subscription, bool IsNew)> accepted)
    {
        var session = connection.Session!;
        if (!TopicFilter.TryParse(request.Filter, out var filter, out _))
        {
            return ReasonCode.TopicFilterInvalid;
        }

        if (!connection.Identity.Rights.MaySubscribe(filter))
        {
            return ReasonCode.NotAuthorized;
        }

        Subscription<LogSubscriber>? existing;
        lock (session.Lock)
        {
            existing = session.Subscriptions.Find(filter);
            if (existing is null
                && session.Subscriptions.Count + accepted.Count >= connection.Terms.Subscriptions)
            {
                services.Metrics.CountLimited("client", "subscriptions", "refuse");
                return ReasonCode.QuotaExceeded;
            }
        }

        var options = new SubscriptionOptions(request.QualityOfService, request.NoLocal, request.RetainAsPublished, (RetainHandling)request.RetainHandling);
        var subscription = new Subscription<LogSubscriber>(
            filter, options, packet.SubscriptionIdentifier, existing is null ? since : existing.Since, session);
        accepted.Add((subscription, existing is null));
        return (ReasonCode)request.QualityOfService;
    }

    /// <summary>Inside the gate: the acknowledgement, the retained messages, and everything later, in this order.</summary>
    private void GoLive(
        ClientConnection connection, Session session, List<(Subscription<LogSubscriber> Subscription, bool IsNew)> accepted, SubscriptionAckPacket acknowledgement)
    {
        lock (services.Feed.Gate)
        {
            ControlPackets.Write(connection, acknowledgement);
            lock (session.Lock)
            {
                // Even when another connection has taken the session over: the store has them already.
                if (session.Mode == SessionMode.Ended)
                {
                    return;
                }

                SetInsideGate(session, accepted);
            }

            foreach (var (subscription, _) in accepted.Where(one => one.Subscription.Filter.IsShared))
            {
                services.Shared.GetOrAdd(session.Product, subscription.Filter).Join(session, subscription, services.Feed.Dispatched);
                services.Shared.OnMembersChanged();
            }
        }
    }

    private void SetInsideGate(Session session, List<(Subscription<LogSubscriber> Subscription, bool IsNew)> accepted)
    {
        long[] asOf = [.. services.Feed.Dispatched];
        foreach (var (subscription, isNew) in accepted)
        {
            if (isNew)
            {
                // The retained messages stand for everything before; a reader that is behind must not send that as well.
                subscription.Since = asOf;
            }

            session.Subscriptions.Set(subscription);
            if (WantsRetained(session, subscription, isNew))
            {
                session.Replays.Add(subscription, asOf);
                if (services.SessionsTravel)
                {
                    session.StoredReplays.Add(subscription.Filter.ToString());
                }
            }
        }

        if (session.HasReplays)
        {
            session.StartReplays(asOf);
        }
    }
}
