using Holdfast.Broker.Connections;
using Holdfast.Broker.Retained;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Sessions;

/// <summary>Sends a session that is behind the retained messages of its new subscriptions, a page at a time, as fast as the client takes them.</summary>
internal sealed class RetainedSender(SessionServices services, Session session, ClientConnection connection, TouchedOutputs touched)
{
    private const int PageSize = 256;

    private readonly List<RetainedFinding> _page = [];
    private readonly Dictionary<(int Partition, long Offset), RetainedMessage?> _sought = [];

    private bool IsCurrent => session.Connection == connection && session.Mode == SessionMode.Behind;

    /// <summary>Sends until nothing is left.</summary>
    /// <returns>False when the session is no longer the reader's or cannot take more now.</returns>
    public bool SendAll()
    {
        while (true)
        {
            RetainedReplay? replay;
            bool isMore;
            lock (services.Feed.Gate)
            {
                lock (session.Lock)
                {
                    if (!IsCurrent || connection.Output.IsClogged)
                    {
                        return false;
                    }

                    if (!session.HasReplays || !session.Replays.TryGetFirst(out replay))
                    {
                        return true;
                    }

                    isMore = services.Retained.Read(session.ProductUtf8, replay.Walk, services.NowMilliseconds, MostToSend(replay), _page);
                }
            }

            if (!SendPage(replay, isMore))
            {
                return false;
            }

            touched.Flush();
        }
    }

    /// <summary>Finds a message that is to be sent again and that retention has taken from the log meanwhile.</summary>
    /// <returns>Null when its topic has another message by now, or none: the log holds that.</returns>
    public RetainedMessage? Find(int partition, long offset)
    {
        if (!_sought.TryGetValue((partition, offset), out var found))
        {
            SeekAll();
            found = _sought.GetValueOrDefault((partition, offset));
        }

        return found;
    }

    private int MostToSend(RetainedReplay replay) => replay.Subscription.Options.QualityOfService == QualityOfService.AtMostOnce
        ? PageSize
        : Math.Clamp(session.Outbound.Limit - session.Outbound.Places, 1, PageSize);

    private bool SendPage(RetainedReplay replay, bool isMore)
    {
        lock (session.Lock)
        {
            if (!IsCurrent)
            {
                GoBackTo(replay, 0);
                return false;
            }

            var subscription = replay.Subscription;
            ReadOnlySpan<uint> identifiers = subscription.Identifier == 0 ? [] : [subscription.Identifier];
            var terms = new DeliveryTerms(subscription.Options.QualityOfService, noLocal: false, retainAsPublished: true, identifiers);
            var source = DeliverySource.RetainedMessages with { Identifier = subscription.Identifier };
            for (var index = 0; index < _page.Count; index++)
            {
                var message = _page[index].Message;
                if (session.Sender.TrySend(message.Partition, message.Offset, message.Read(), terms, source, touched) == SendResult.Blocked)
                {
                    GoBackTo(replay, index);
                    return false;
                }
            }

            if (!isMore)
            {
                session.Replays.Remove(replay);
            }

            return true;
        }
    }

    /// <summary>What is not sent now is read again: nothing is held for a client that does not take it.</summary>
    private void GoBackTo(RetainedReplay replay, int index)
    {
        if (index < _page.Count)
        {
            replay.Walk.Position = _page[index].Position;
        }

        _page.Clear();
    }

    /// <summary>Looks for everything that waits to be sent again at once: a search goes through all messages.</summary>
    private void SeekAll()
    {
        _sought.Clear();
        lock (session.Lock)
        {
            for (var place = 0; place < session.Outbound.Places; place++)
            {
                ref var message = ref session.Outbound[place];
                if (message is { Retained: true, State: OutboundState.Ready })
                {
                    _sought[(message.Partition, message.Offset)] = null;
                }
            }
        }

        for (var next = 0; next >= 0;)
        {
            lock (services.Feed.Gate)
            {
                next = services.Retained.FindAt(session.ProductUtf8, next, _sought);
            }
        }
    }
}
