using System.Net;
using System.Net.Sockets;

namespace Holdfast.NullBroker;

/// <summary>
/// The cheapest thing that a load generator takes for an MQTT 3.1.1 broker, to find out how fast the generator itself is. It acknowledges what is
/// published, keeps nothing, and forwards nothing by filter: a client that subscribes becomes the receiver of all that the others publish at QoS 0,
/// as it came, read for read.
/// </summary>
/// <param name="port">The port on 127.0.0.1; 0 for a free one.</param>
public sealed class NullBroker(int port)
{
    private readonly List<NullClient> _receivers = [];

    /// <summary>Runs until the process ends.</summary>
    public async Task RunAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);
        Console.WriteLine($"listening mqtt://{listener.LocalEndPoint}");
        while (true)
        {
            Socket socket = await listener.AcceptAsync();
            socket.NoDelay = true;
            _ = new NullClient(socket, _receivers).RunAsync();
        }
    }
}
