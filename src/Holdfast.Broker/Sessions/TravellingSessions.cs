using Holdfast.Broker.Checkpoints;
using Holdfast.Broker.Health;
using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Broker.Wills;
using Holdfast.Log.Partitions;
using Holdfast.Log.State;
using Holdfast.Mqtt;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// A cluster: a session comes with its client and goes with it. It is stored exactly, after this node has heard of everything it has appended for it, and only then the row names
/// nobody. Who is at work on a client has its <see cref="ClientPlaces">place</see>, so a session never goes while it comes.
/// </summary>
internal sealed class TravellingSessions : ISessionKeeper, ISessionHost
{
    /// <summary>How long a CONNECT waits for another one of the same client.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly SessionServices _services;
    private readonly SessionRegistry _registry;
    private readonly ISessionHome _home;
    private readonly WillScheduler _wills;
    private readonly SessionEnding _ending;
    private readonly SessionRestorer _restorer;
    private readonly SessionProgressCollector _collector;
    private readonly TravellingShares _shares;
    private readonly ClientPlaces _places = new();
    private readonly CancellationToken _stopping;

    public TravellingSessions(
        SessionServices services, SessionRegistry registry, ISessionHome home, WillScheduler wills, SessionEnding ending, CancellationToken stopping)
    {
        (_services, _registry, _home, _wills, _ending, _stopping) = (services, registry, home, wills, ending, stopping);

        // A cluster loses nothing that it has committed, so an offset is as good here as where it was stored, even when this node has not heard of it yet.
        _restorer = new SessionRestorer(services, static offsets => offsets);
        _collector = new SessionProgressCollector(registry);
        _shares = new TravellingShares(services);
    }

    public IShareHost Shares => _shares;

    public async ValueTask<SessionArrival> ArriveAsync(string product, string clientId)
    {
        var place = await EnterAsync(product, clientId).ConfigureAwait(false);
        try
        {
            if (_registry.Find(product, clientId) is not null || await _home.BringAsync(product, clientId).ConfigureAwait(false) is not { } held)
            {
                return new SessionArrival(place, false);
            }

            await WhenHeardOfAsync(held.Session).ConfigureAwait(false);
            _registry.Restore(_restorer.Restore(held.Session, Dispatched()));
            return new SessionArrival(place, held.HasExpired);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    public async ValueTask<bool> SaveAsync(SessionClaim claim)
    {
        var session = claim.Session;
        var stored = session.ToStored();
        session.IsStored = claim.IsPresent
            ? await _home.Store.SaveAsync(stored).ConfigureAwait(false)
            : await _home.Store.AddAsync(stored, claim.Discarded?.Id ?? 0).ConfigureAwait(false);
        return session.IsStored;
    }

    public void StartWaiting(Session session)
    {
        // Its time runs in the store, once it is there.
    }

    public async Task SettleAsync(Session session)
    {
        using var place = await _places.EnterAsync(session.Product, session.ClientId, CancellationToken.None).ConfigureAwait(false);
        await DepartAsync(session).ConfigureAwait(false);
    }

    public Task SettleAllAsync() => Parallel.ForEachAsync(
        _registry.Snapshot(), new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = CancellationToken.None }, async (session, _) =>
        {
            EndConnection(session);
            await SettleAsync(session).ConfigureAwait(false);
        });

    public async Task ReleaseAsync(string product, string clientId, ulong sessionId, CancellationToken cancellationToken)
    {
        using var place = await _places.EnterAsync(product, clientId, cancellationToken).ConfigureAwait(false);
        if (_registry.Find(product, clientId) is { } session)
        {
            // Another one than was asked for has taken its place here: who asked looks at the row again.
            if (session.Id == sessionId)
            {
                EndConnection(session);
                await DepartAsync(session).ConfigureAwait(false);
            }
        }
        else if (await _home.Store.TakeAsync(product, clientId).ConfigureAwait(false) is { IsTaken: true } held)
        {
            // It was taken by a CONNECT that failed afterwards; nothing has happened to it here.
            await _home.Store.ReleaseAsync(held.Session with { Cursor = held.Session.Cursor ?? Dispatched() }).ConfigureAwait(false);
        }
    }

    public async Task<NodeProgress> CollectProgressAsync(CancellationToken cancellationToken)
    {
        // What lies before the mark and comes from this node must have reached the sessions before they are looked at.
        var mark = _services.Feed.Announced();
        await AppendBarrier.WaitAsync(_services).WaitAsync(cancellationToken).ConfigureAwait(false);
        var sessions = _collector.Collect(mark);
        var shares = _shares.TakeProgress();
        return new NodeProgress(mark, sessions.ConvertAll(one => one.Progress), shares, () =>
        {
            SessionProgressCollector.PutBack(sessions);
            _shares.PutBack(shares);
        });
    }

    public StoredSession Fold(StoredSession session, IEnumerable<SessionStep> steps)
    {
        var replay = new SessionReplay(_services, _restorer.Restore(session with { Subscriptions = [] }, Dispatched()));
        foreach (var step in steps)
        {
            replay.Apply(step);
        }

        replay.Complete();
        return session with { Exchanges = ExchangesEncoding.Encode(replay.Session) };
    }

    public async Task<bool> PublishWillAsync(StoredSession session)
        => session.Will is not { } will || await _wills.AppendAsync(will, session.Id).ConfigureAwait(false) == AppendStatus.Appended;

    private async ValueTask<IDisposable> EnterAsync(string product, string clientId)
    {
        using var patience = new CancellationTokenSource(Patience, _services.Time);
        try
        {
            return await _places.EnterAsync(product, clientId, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new SessionUnavailableException($"For {Patience} other connections of {clientId} have been under way on this node.");
        }
    }

    /// <summary>The client has connected to another node: as with a take-over on this one, but whether a delayed will is sent is decided there.</summary>
    private void EndConnection(Session session)
    {
        if (_registry.Unclaim(session) is not { } previous)
        {
            return;
        }

        previous.Close(ReasonCode.SessionTakenOver, "Another connection has used the same client identifier.");
        lock (_services.Feed.Gate)
        {
            session.Detach(previous, _services.Feed.Dispatched, _services.Time.GetUtcNow());
        }

        if (!previous.WillIsDue)
        {
            session.Will = null;
        }
    }

    /// <summary>Stores a session that nobody has claimed, and forgets it. The caller has the client's place.</summary>
    private async Task DepartAsync(Session session)
    {
        if (!_registry.RemoveIfUnclaimed(session))
        {
            return;
        }

        if (!session.IsPersistent)
        {
            await UntilStoredAsync(session, () => _ending.EndAsync(session)).ConfigureAwait(false);
            return;
        }

        if (session.Will is { DelaySeconds: 0 } && _services.Monitor.State is CommitState.Committing or CommitState.Draining)
        {
            await _wills.PublishNowAsync(session).ConfigureAwait(false);
        }

        // After it no completion changes the session any more.
        await AppendBarrier.WaitAsync(_services).ConfigureAwait(false);
        var stored = Store(session);
        _ending.Forget(session);
        await UntilStoredAsync(session, async () => await _home.Store.ReleaseAsync(stored).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private StoredSession Store(Session session)
    {
        lock (_services.Feed.Gate)
        {
            foreach (var (share, place) in session.TakeUnrecordedShared())
            {
                share.Return(place, _services.Feed.Dispatched);
            }

            lock (session.Lock)
            {
                return session.ToStored() with
                {
                    Cursor = session.ConfirmedCursor(session.Positions ?? _services.Feed.Dispatched),
                    Exchanges = ExchangesEncoding.Encode(session),
                    RetainedLeft = session.RetainedLeft(),
                };
            }
        }
    }

    /// <summary>Retained messages that are on their way to the session must be known here before they are looked for.</summary>
    private async Task WhenHeardOfAsync(StoredSession session)
    {
        using var patience = new CancellationTokenSource(Patience, _services.Time);
        foreach (var asOf in session.Subscriptions.Select(subscription => subscription.RetainedAsOf).OfType<long[]>())
        {
            try
            {
                while (_services.Feed.NextNews is var news && !Cursors.HasReached(_services.Feed.Announced(), asOf))
                {
                    await news.WaitAsync(patience.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
            {
                throw new SessionUnavailableException($"For {Patience} this node has not heard of retained messages that the session of {session.ClientId} waits for.");
            }
        }
    }

    /// <summary>Until it is stored, the client's place is taken; nobody can bring the session back half done.</summary>
    private async Task UntilStoredAsync(Session session, Func<Task> store)
    {
        while (true)
        {
            try
            {
                await store().ConfigureAwait(false);
                return;
            }
            catch (StateStoreException exception)
            {
                _services.Logger.LogWarning("Session {Client}: its end could not be stored, it is tried again: {Message}", session.ClientId, exception.Message);
            }

            if (_stopping.IsCancellationRequested)
            {
                // Whoever takes it from this node, when that is gone, finds in the log what the store does not have.
                _services.Logger.LogError("Session {Client}: its end is not stored", session.ClientId);
                return;
            }

            await Task.Delay(RetryDelay, _services.Time, _stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private long[] Dispatched()
    {
        lock (_services.Feed.Gate)
        {
            return [.. _services.Feed.Dispatched];
        }
    }
}
