using Holdfast.Broker.Sessions;
using Holdfast.Cluster.Peers;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Sessions;

/// <summary>
/// Brings sessions to this node. The row of a session names nobody: it is taken. It names a live node: that one is asked to let it go. It names a dead one: that is fenced, and the
/// session follows from its row and the log.
/// </summary>
public sealed class ClusterSessions : ISessionHome
{
    /// <summary>How long a node has to let a session go before somebody asks whether it lives.</summary>
    public static readonly TimeSpan ReleaseLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a CONNECT waits for its session.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>How long another node's request waits for one who is at work on the same client here.</summary>
    private static readonly TimeSpan BusyLimit = TimeSpan.FromMilliseconds(400);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ISessionPeers _peers;
    private readonly OrphanSettler _orphans;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ISessionHost? _host;
    private long[] _mark = [];

    /// <summary>Creates it.</summary>
    /// <param name="store">The sessions, for this life of this node.</param>
    /// <param name="peers">The other nodes.</param>
    /// <param name="orphans">For sessions of dead nodes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">For operators.</param>
    public ClusterSessions(IClusterSessionStore store, ISessionPeers peers, OrphanSettler orphans, TimeProvider time, ILogger logger)
        => (Store, _peers, _orphans, _time, _logger) = (store, peers, orphans, time, logger);

    /// <inheritdoc/>
    public IClusterSessionStore Store { get; }

    /// <summary>The broker of this node.</summary>
    /// <exception cref="InvalidOperationException">It has not started.</exception>
    public ISessionHost Host => _host ?? throw new InvalidOperationException("The broker has not started.");

    /// <summary>The mark of this node that is stored.</summary>
    public IReadOnlyList<long> Mark => Volatile.Read(ref _mark);

    /// <summary>Enters this life of the node. Before the broker starts.</summary>
    /// <param name="zone">Where it is: vendor/region/zone.</param>
    /// <param name="ends">The committed end of each partition.</param>
    public async Task RegisterAsync(string zone, long[] ends)
    {
        await Store.RegisterAsync(zone, ends).ConfigureAwait(false);
        SetMark(ends);
    }

    /// <inheritdoc/>
    public void Connect(ISessionHost host) => _host = host;

    /// <inheritdoc/>
    public async ValueTask<HeldSession?> BringAsync(string product, string clientId)
    {
        var begin = _time.GetTimestamp();
        while (true)
        {
            if (await Store.TakeAsync(product, clientId).ConfigureAwait(false) is not { } held)
            {
                return null;
            }

            if (held.IsTaken)
            {
                // Without a cursor it was this node's all the time: a CONNECT took it and failed.
                return held with { Session = held.Session with { Cursor = held.Session.Cursor ?? [.. Mark] } };
            }

            if (held.Node is null || held.Node == Store.Node)
            {
                throw new SessionUnavailableException($"This node, {Store.Node}, is fenced: it may take no session.");
            }

            await FreeAsync(held, NodeId.Parse(held.Node)).ConfigureAwait(false);
            if (_time.GetElapsedTime(begin) > Patience)
            {
                throw new SessionUnavailableException($"The node {held.Node} has not let the session of {clientId} go within {Patience}.");
            }
        }
    }

    /// <summary>Another node asks for a session that it has found in the name of this one.</summary>
    /// <param name="product">The product.</param>
    /// <param name="clientId">The client identifier.</param>
    /// <param name="sessionId">The session.</param>
    public async ValueTask<ReleaseOutcome> ReleaseAsync(string product, string clientId, ulong sessionId)
    {
        using var limit = new CancellationTokenSource(BusyLimit, _time);
        try
        {
            await Host.ReleaseAsync(product, clientId, sessionId, limit.Token).ConfigureAwait(false);
            return ReleaseOutcome.Released;
        }
        catch (OperationCanceledException)
        {
            return ReleaseOutcome.Busy;
        }
    }

    internal void SetMark(long[] mark) => Volatile.Write(ref _mark, mark);

    private async Task FreeAsync(HeldSession held, NodeId node)
    {
        var session = held.Session;
        try
        {
            if (_peers.IsGone(node))
            {
                await _orphans.SettleAsync(session, node, Host, CancellationToken.None).ConfigureAwait(false);
                return;
            }

            var releasing = _peers.ReleaseAsync(node, session.Product, session.ClientId, session.Id).AsTask();
            if (await releasing.WaitAsync(ReleaseLimit, _time).ConfigureAwait(false) == ReleaseOutcome.Released)
            {
                return;
            }
        }
        catch (Exception exception) when (exception is TimeoutException or (IOException and not StateStoreException))
        {
            _logger.LogWarning("The session of {Client} is not free yet: {Message}", session.ClientId, exception.Message);
        }

        await Task.Delay(Pause, _time).ConfigureAwait(false);
    }
}
