using System.Collections.Concurrent;
using System.Net.Sockets;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Sessions;

namespace Holdfast.Cluster.Ownership;

/// <summary>
/// Tells which nodes are to be taken for dead: the membership says so, nobody listens where the node was, or it has been silent for long. Wrong, it costs that node its life, but
/// no event: it is fenced before anybody acts on it.
/// </summary>
internal sealed class GoneNodes(IPeers peers, NodeHearing hearing, ClusterTimes times, TimeProvider time) : ISessionPeers
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromMilliseconds(200);

    private readonly long _startedAt = time.GetTimestamp();
    private readonly ConcurrentDictionary<NodeId, byte> _refusing = new();

    /// <inheritdoc/>
    public async ValueTask<ReleaseOutcome> ReleaseAsync(NodeId node, string product, string clientId, ulong sessionId)
    {
        try
        {
            return await peers.Get(node).ReleaseAsync(new SessionRelease(product, clientId, sessionId)).ConfigureAwait(false);
        }
        catch (PeerUnavailableException)
        {
            await KnockAsync(node).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public bool IsGone(NodeId node)
        => node != peers.Self && (peers.IsDeclaredDead(node) || _refusing.ContainsKey(node) || (hearing.SilenceOf(node) ?? time.GetElapsedTime(_startedAt)) >= times.Death);

    /// <summary>
    /// Looks whether a node that did not answer is still there: a process that is gone refuses the connection; one that is cut off or frozen does not. What is gone has nothing to say any
    /// more, so nobody waits for its silence either.
    /// </summary>
    /// <param name="node">The node.</param>
    public async Task KnockAsync(NodeId node)
    {
        if (_refusing.ContainsKey(node))
        {
            return;
        }

        using var limit = new CancellationTokenSource(ConnectTime, time);
        using var socket = new Socket(node.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(node.Address, node.Port, limit.Token).ConfigureAwait(false);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            _refusing.TryAdd(node, 0);
            hearing.Forget(node);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // It may only be cut off: silence will tell.
        }
    }
}
