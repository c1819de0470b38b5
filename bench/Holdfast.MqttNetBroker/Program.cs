using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using MQTTnet.Server;

// The server of the MQTTnet library as a broker of its own, to be measured beside others: it keeps everything in memory and drops nothing.
if (args is ["--version"])
{
    Console.WriteLine($"MQTTnet.Server {typeof(MqttServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}");
    return;
}

int port = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1883;
if (port == 0)
{
    using var probe = new TcpListener(IPAddress.Loopback, 0);
    probe.Start();
    port = ((IPEndPoint)probe.LocalEndpoint).Port;
}

var factory = new MqttServerFactory();
MqttServerOptions options = factory.CreateServerOptionsBuilder()
    .WithDefaultEndpoint()
    .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
    .WithDefaultEndpointPort(port)
    .WithMaxPendingMessagesPerClient(int.MaxValue)
    .WithConnectionBacklog(4096)
    .WithPersistentSessions()
    .Build();
using MqttServer server = factory.CreateMqttServer(options);
await server.StartAsync();
Console.WriteLine($"listening mqtt://127.0.0.1:{port}");
Console.WriteLine("ready");
await Task.Delay(Timeout.Infinite);
