using System.Collections.Concurrent;
using System.Text;
using Holdfast.Cluster.Peers;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Connections;

/// <summary>
/// Stands below Orleans on each connection between nodes: encrypts, greets, and notices when a connection ends, so that who waits for an answer from that node need not wait for its
/// time to run out. Orleans itself forgets what was on its way on a broken connection.
/// </summary>
internal sealed class PeerConnections(NodeId self, string? secret, TimeProvider clock, ILogger<PeerConnections> logger) : IDisposable
{
    /// <summary>How long it may take until both sides know each other.</summary>
    private static readonly TimeSpan GreetingTime = TimeSpan.FromSeconds(2);

    private readonly byte[] _secret = Encoding.UTF8.GetBytes(secret ?? string.Empty);

    /// <summary>Without a secret nobody else can connect, and nothing is worth encrypting.</summary>
    private readonly PeerEncryption? _encryption = secret is null ? null : new PeerEncryption();

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

    /// <inheritdoc/>
    public void Dispose() => _encryption?.Dispose();

    private async Task RunAsync(ConnectionDelegate next, ConnectionContext context, bool isCaller)
    {
        var plain = context.Transport;
        var (node, encrypted) = await GreetAsync(context, isCaller).ConfigureAwait(false);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            To(node).Lose();
            context.Transport = plain;
            if (encrypted is not null)
            {
                await encrypted.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<(NodeId Node, EncryptedTransport? Encrypted)> GreetAsync(ConnectionContext context, bool isCaller)
    {
        EncryptedTransport? encrypted = null;
        try
        {
            using var limit = new CancellationTokenSource(GreetingTime, clock);
            if (_encryption is not null)
            {
                encrypted = await _encryption.BeginAsync(context.Transport, isCaller, limit.Token).ConfigureAwait(false);
                context.Transport = encrypted;
            }

            var certificate = encrypted?.CertificateHash ?? [];
            return (await Greeting.ExchangeAsync(context.Transport, self, _secret, certificate, isCaller, limit.Token).ConfigureAwait(false), encrypted);
        }
        catch (Exception error)
        {
            logger.LogWarning("A connection {Direction} {Remote} was closed: {Reason}", isCaller ? "to" : "from", context.RemoteEndPoint, error.Message);
            if (encrypted is not null)
            {
                await encrypted.DisposeAsync().ConfigureAwait(false);
            }

            throw new ConnectionAbortedException(error.Message, error);
        }
    }
}
