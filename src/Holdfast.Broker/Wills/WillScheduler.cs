using System.Text;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Sessions;
using Holdfast.Log.Partitions;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Wills;

/// <summary>
/// Publishes wills when their delay has passed and the client has not come back. After a restart the wills of the sessions that were connected
/// wait at least as long as a client needs to notice and to return.
/// </summary>
internal sealed class WillScheduler(SessionServices services, ISessionStore store) : IDisposable
{
    /// <summary>When there was no room for a will, it is tried again after this time.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<Session, ITimer> _timers = [];

    /// <summary>
    /// Starts the delay of a session whose connection has ended. A will that would wait longer than its session is sent when the session ends
    /// [MQTT-3.1.2-8], and by what ends it: whoever sees the will finds no session any more.
    /// </summary>
    public void Schedule(Session session)
    {
        if (session.Will is { } will && will.DelaySeconds < session.ExpirySeconds)
        {
            Schedule(session, will, TimeSpan.FromSeconds(will.DelaySeconds));
        }
    }

    /// <summary>Starts the delay of a session that was connected when the process died.</summary>
    public void ScheduleAfterRestart(Session session)
    {
        if (session.Will is { } will)
        {
            var grace = services.Options.AckDeadline + services.Options.DisconnectJitter;
            var delay = TimeSpan.FromSeconds(Math.Min(will.DelaySeconds, session.ExpirySeconds));
            Schedule(session, will, delay > grace ? delay : grace);
        }
    }

    /// <summary>The client has come back.</summary>
    public void Cancel(Session session)
    {
        lock (_lock)
        {
            if (_timers.Remove(session, out var timer))
            {
                timer.Dispose();
            }
        }
    }

    /// <summary>Publishes the will of a session, if it has one, and returns after the commit.</summary>
    public async Task PublishNowAsync(Session session)
    {
        Cancel(session);
        if (session.Will is { } will)
        {
            await PublishAsync(session, will).ConfigureAwait(false);
        }
    }

    private async Task PublishAsync(Session session, StoredWill will)
    {
        if (!session.TryTakeWill(will))
        {
            // The client has come back with another will, or none.
            return;
        }

        Cancel(session);
        if (await AppendAsync(will, session.Id).ConfigureAwait(false) == AppendStatus.Appended)
        {
            services.Metrics.WillsPublished.Add(1);
            return;
        }

        services.Logger.LogWarning("There is no room for the will of {Client}; it is tried again", session.ClientId);
        if (session.Claimant is null && session.TryPutWillBack(will) && !services.SessionsTravel)
        {
            Schedule(session, will, RetryDelay);
        }
    }

    /// <summary>Commits a will as a message, if whoever has left it may publish it still.</summary>
    /// <returns>A will that may not be published is dealt with, as one that was.</returns>
    public async Task<AppendStatus> AppendAsync(StoredWill will, ulong sessionId)
    {
        if (!MayPublish(will))
        {
            services.Metrics.PublishRefused.Add(1, new KeyValuePair<string, object?>("reason", "WillNotAuthorized"));
            services.Refusals.Note("will", "WillNotAuthorized", $"of session {sessionId}.");
            return AppendStatus.Appended;
        }

        while (true)
        {
            var completion = new AppendCompletion();
            if (completion.TryAppend(services, WillRecord.Read(will, sessionId, services.NowMilliseconds)))
            {
                return (await completion.Task.ConfigureAwait(false)).Status;
            }

            await services.Appender.WhenRoomAsync().ConfigureAwait(false);
        }
    }

    private bool MayPublish(StoredWill will)
    {
        var record = WillRecord.Read(will, 0, 0);
        return services.Authenticator.RightsOf(Encoding.UTF8.GetString(record.Product), Encoding.UTF8.GetString(record.Publisher))?.MayPublish(record.Topic) == true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var timer in _timers.Values)
            {
                timer.Dispose();
            }

            _timers.Clear();
        }
    }

    private void Schedule(Session session, StoredWill will, TimeSpan delay)
    {
        if (delay == TimeSpan.Zero)
        {
            _ = PublishAndStoreAsync(session, will);
            return;
        }

        lock (_lock)
        {
            _timers[session] = services.Time.CreateTimer(_ => _ = PublishAndStoreAsync(session, will), null, delay, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task PublishAndStoreAsync(Session session, StoredWill will)
    {
        await PublishAsync(session, will).ConfigureAwait(false);
        if (session is { IsStored: true, Mode: not SessionMode.Ended })
        {
            try
            {
                await store.SaveAsync(session.ToStored()).ConfigureAwait(false);
            }
            catch (StateStoreFullException exception)
            {
                services.Logger.LogWarning("Session {Client}: the store still has its will: {Message}", session.ClientId, exception.Message);
            }
        }
    }
}
