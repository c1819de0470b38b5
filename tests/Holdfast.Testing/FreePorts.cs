using System.Net;
using System.Net.Sockets;

namespace Holdfast.Testing;

/// <summary>
/// Ports for servers that are killed and come back where they were. They lie below the range from which the system takes the ports of
/// outgoing connections: a client that tries a port of that range while nobody listens can be given the same port, and so connect to itself.
/// </summary>
public static class FreePorts
{
    private const int First = 10_000;
    private const int End = 30_000;

    /// <summary>A port that was free a moment ago.</summary>
    public static int Take()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, End);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: try another.
            }
        }
    }
}
