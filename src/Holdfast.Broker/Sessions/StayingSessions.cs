using Holdfast.Broker.Wills;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Sessions;

/// <summary>One machine: a session waits in memory for its client, with its expiry and its will.</summary>
internal sealed class StayingSessions(
    SessionServices services, SessionRegistry registry, ISessionStore store, WillScheduler wills, SessionExpiry expiry, SessionEnding ending) : ISessionKeeper
{
    public ValueTask<SessionArrival> ArriveAsync(string product, string clientId) => default;

    public async ValueTask<bool> SaveAsync(SessionClaim claim)
    {
        var session = claim.Session;
        if (session.IsPersistent || session.Will is not null)
        {
            await store.SaveAsync(session.ToStored()).ConfigureAwait(false);
            session.IsStored = true;
        }
        else if (claim.Discarded is { IsStored: true } discarded)
        {
            await store.RemoveAsync(discarded.Id).ConfigureAwait(false);
        }
        else if (session.IsStored)
        {
            await store.RemoveAsync(session.Id).ConfigureAwait(false);
            session.IsStored = false;
        }

        return true;
    }

    public void StartWaiting(Session session)
    {
        if (session.IsPersistent)
        {
            expiry.Schedule(session);
            wills.Schedule(session);
        }
    }

    public async Task SettleAsync(Session session)
    {
        try
        {
            if (session.IsPersistent)
            {
                await store.SaveAsync(session.ToStored()).ConfigureAwait(false);
                return;
            }

            if (registry.Remove(session))
            {
                await ending.EndAsync(session).ConfigureAwait(false);
            }
        }
        catch (StateStoreFullException exception)
        {
            // What the store remembers is older: after a crash some messages would be sent again, none lost.
            services.Logger.LogWarning("Session {Client}: its end could not be stored: {Message}", session.ClientId, exception.Message);
        }
    }

    public Task SettleAllAsync() => Task.CompletedTask;
}
