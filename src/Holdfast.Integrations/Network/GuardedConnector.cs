using System.Net;
using System.Net.Sockets;

namespace Holdfast.Integrations.Network;

/// <summary>Connects to receivers: resolves the name, and goes only to addresses that the policy allows. There is no other way out for an integration.</summary>
internal sealed class GuardedConnector(AddressPolicy policy)
{
    /// <summary>The connect callback of <see cref="SocketsHttpHandler"/>.</summary>
    /// <exception cref="AddressRefusedException">The name has no address that is allowed.</exception>
    public ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
        => ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellationToken);

    /// <summary>Opens a connection.</summary>
    /// <exception cref="AddressRefusedException">The name has no address that is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        var allowed = Array.FindAll(addresses, policy.Allows);
        if (allowed.Length == 0)
        {
            throw new AddressRefusedException(host, addresses);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A receiver's name leads to no address that integrations may connect to.</summary>
internal sealed class AddressRefusedException(string host, IReadOnlyCollection<IPAddress> addresses) : IOException(
    addresses.Count == 0
        ? $"{host} has no address."
        : $"{host} leads to {string.Join(", ", addresses)}, which is not on the public internet. Webhooks and bridges may go there when the node is run with --allow-private-webhooks or --allow-webhook-network.");
