using Holdfast.Broker.Sessions;
using Holdfast.Log.State;

namespace Holdfast.Broker.Checkpoints;

/// <summary>Finds the sessions whose cursor or QoS 2 state has changed since it was stored.</summary>
internal sealed class SessionProgressCollector(SessionRegistry registry)
{
    /// <summary>Collects what is to be stored with a mark.</summary>
    /// <param name="mark">Sessions that are caught up have confirmed everything before.</param>
    public List<(Session Session, SessionProgress Progress)> Collect(long[] mark)
    {
        var result = new List<(Session, SessionProgress)>();
        foreach (var session in registry.Snapshot())
        {
            var progress = Progress(session, mark);
            if (progress is not null && session is { IsStored: true, IsPersistent: true })
            {
                result.Add((session, progress));
            }
        }

        return result;
    }

    /// <summary>What was collected was not stored: it is collected again.</summary>
    public static void PutBack(List<(Session Session, SessionProgress Progress)> sessions)
    {
        foreach (var (session, progress) in sessions)
        {
            session.StoredCursor = null;
            session.ExchangesChanged = true;
            lock (session.Lock)
            {
                session.StoredReplays.UnionWith(progress.RetainedArrived);
            }
        }
    }

    /// <summary>What changed of a session: null when the mark holds for it and its QoS 2 state is as before.</summary>
    private static SessionProgress? Progress(Session session, long[] mark)
    {
        lock (session.Lock)
        {
            var isLive = session.Mode == SessionMode.Live;
            long[]? cursor = isLive && session.Outbound.Count == 0 ? null : session.ConfirmedCursor(mark);
            if (isLive && cursor is not null && Cursors.HasReached(cursor, mark))
            {
                cursor = null;
            }

            if (isLive)
            {
                session.Subscriptions.ForgetBeginningsBefore(mark);
            }

            var arrived = TakeArrived(session);
            var cursorChanged = cursor is null ? session.StoredCursor is not null : !cursor.AsSpan().SequenceEqual(session.StoredCursor);
            if (!cursorChanged && !session.ExchangesChanged && arrived.Count == 0)
            {
                return null;
            }

            session.StoredCursor = cursor;
            session.ExchangesChanged = false;
            return new SessionProgress(session.Id, cursor, ExchangesEncoding.Encode(session)) { Epoch = session.Epoch, RetainedArrived = arrived };
        }
    }

    private static List<string> TakeArrived(Session session)
    {
        if (session.RetainedLeft() is not { } left || left.Count == session.StoredReplays.Count)
        {
            return [];
        }

        var arrived = session.StoredReplays.Except(left).ToList();
        session.StoredReplays.ExceptWith(arrived);
        return arrived;
    }
}
