using System.Net;
using System.Net.Sockets;

namespace Holdfast.Server.Bench.Connections;

/// <summary>The byte streams that connections of the load generator run over. Another transport, such as TLS, is added here and nowhere else.</summary>
internal static class BenchStream
{
    /// <summary>Opens a stream to the broker.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketException">The broker cannot be reached.</exception>
    public static async ValueTask<Stream> OpenAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        EndPoint broker = IPAddress.TryParse(options.Host, out IPAddress? address) ? new IPEndPoint(address, options.Port) : new DnsEndPoint(options.Host, options.Port);
        Socket socket = address is null ? new(SocketType.Stream, ProtocolType.Tcp) : new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.NoDelay = true;
        try
        {
            await socket.ConnectAsync(broker, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
