using System.Collections.Concurrent;
using Holdfast.Cluster.Peers;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Connections;

/// <summary>
/// Stands below Orleans on each connection between nodes: greets, and notices when a connection ends, so that who waits for an answer from that node need not wait for its
/// time to run out. Orleans itself forgets what was on its way on a broken connection.
/// </summary>
internal sealed class PeerConnections(NodeId self, byte[] secret, TimeProvider clock, ILogger<PeerConnections> logger)
{
    /// <summary>How long a greeting may take.</summary>
    private static readonly TimeSpan GreetingTime = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<NodeId, PeerLink> _links = new();

    /// <summary>Adds the greeting to a connection that this node makes or accepts.</summary>
    /// <param name="builder">Orleans' connection.</param>
    /// <param name="isCaller">Whether this node makes it.</param>
    public void Use(IConnectionBuilder builder, bool isCaller) => builder.Use(next => context => RunAsync(next, context, isCaller));

    /// <summary>What is on its way to a node.</summary>
    public PeerLink To(NodeId node) => _links.GetOrAdd(node, static _ => new PeerLink());

    /// <summary>Forgets a node that is dead.</summary>
    public void Forget(NodeId node)
    {
        if (_links.TryRemove(node, out var link))
        {
            link.Dispose();
        }
    }

    private async Task RunAsync(ConnectionDelegate next, ConnectionContext context, bool isCaller)
    {
        NodeId node;
        try
        {
            using var limit = new CancellationTokenSource(GreetingTime, clock);
            node = await Greeting.ExchangeAsync(context.Transport, self, secret, isCaller, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is InvalidDataException or OperationCanceledException)
        {
            logger.LogWarning("A connection {Direction} {Remote} was closed: {Reason}", isCaller ? "to" : "from", context.RemoteEndPoint, error.Message);
            throw new ConnectionAbortedException(error.Message, error);
        }

        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            To(node).Lose();
        }
    }
}
