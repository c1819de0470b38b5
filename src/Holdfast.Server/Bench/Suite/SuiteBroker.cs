using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Holdfast.Server.Demo;

namespace Holdfast.Server.Bench.Suite;

/// <summary>A broker that the suite can start.</summary>
/// <param name="Name">Its name.</param>
/// <param name="VersionCommand">A command whose first line of output tells its version; empty for this program.</param>
/// <param name="StartAsync">Starts it with its files in a directory.</param>
internal sealed record SuiteBroker(string Name, string[] VersionCommand, Func<string, CancellationToken, Task<RunningBroker>> StartAsync)
{
    /// <summary>The name of Holdfast.</summary>
    public const string Holdfast = "holdfast";

    /// <summary>The name of Mosquitto.</summary>
    public const string Mosquitto = "mosquitto";

    /// <summary>The name of the NATS server, with its MQTT listener and JetStream.</summary>
    public const string Nats = "nats-server";

    /// <summary>The name of the server of the MQTTnet library, whose program is made of bench/Holdfast.MqttNetBroker.</summary>
    public const string MqttNet = "mqttnet";

    private const string MosquittoProgram = "/usr/sbin/mosquitto";
    private const string NatsProgram = "/usr/sbin/nats-server";

    private static readonly BenchCarrier[] MosquittoCarriers = [BenchCarrier.Tcp, BenchCarrier.Tls, BenchCarrier.WebSocket];
    private static readonly BenchCarrier[] NatsCarriers = [BenchCarrier.Tcp, BenchCarrier.WebSocket];
    private static readonly string[] Schemes = ["mqtt", "mqtts", "ws", "http"];
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    /// <summary>The brokers that the suite knows.</summary>
    public static readonly IReadOnlyList<SuiteBroker> All =
    [
        new(Holdfast, [], StartHoldfastAsync),
        new(Mosquitto, [MosquittoProgram, "-h"], (directory, cancellationToken) => StartExternalAsync(MosquittoProgram, MosquittoCarriers, MosquittoConfiguration, directory, cancellationToken)),
        new(Nats, [NatsProgram, "--version"], (directory, cancellationToken) => StartExternalAsync(NatsProgram, NatsCarriers, NatsConfiguration, directory, cancellationToken)),
    ];

    /// <summary>The name of a broker as the table writes it.</summary>
    /// <param name="name">The name.</param>
    public static string TitleOf(string name) => name switch
    {
        Holdfast => "Holdfast",
        Mosquitto => "Mosquitto",
        Nats => "NATS",
        MqttNet => "MQTTnet",
        _ => SuiteRow.All.FirstOrDefault(row => row.Name == name)?.Title ?? name,
    };

    /// <summary>The server of the MQTTnet library.</summary>
    /// <param name="program">The program, built of bench/Holdfast.MqttNetBroker.</param>
    public static SuiteBroker OfMqttNet(string program) => new(MqttNet, ["dotnet", program, "--version"], async (_, cancellationToken) =>
    {
        BrokerProcess broker = await BrokerProcess.StartAsync(new BrokerProgram("dotnet", [program]), ["0"], [], StartTimeout, cancellationToken);
        return new RunningBroker(new Dictionary<BenchCarrier, int> { [BenchCarrier.Tcp] = broker.Mqtt!.Port }, broker.Id, null, broker);
    });

    /// <summary>Mosquitto without the limits that would make it drop messages or wait for acknowledgements. Started by root it stays root, as the directory is root's.</summary>
    /// <param name="ports">Its ports.</param>
    /// <param name="directory">Its directory, with the certificate; it keeps nothing there.</param>
    public static string MosquittoConfiguration(IReadOnlyDictionary<BenchCarrier, int> ports, string directory) => string.Create(CultureInfo.InvariantCulture, $"""
        listener {ports[BenchCarrier.Tcp]} 127.0.0.1
        listener {ports[BenchCarrier.Tls]} 127.0.0.1
        certfile {SuiteCertificate.CertificateFile(directory)}
        keyfile {SuiteCertificate.KeyFile(directory)}
        listener {ports[BenchCarrier.WebSocket]} 127.0.0.1
        protocol websockets
        user root
        allow_anonymous true
        max_queued_messages 0
        max_inflight_messages 0
        set_tcp_nodelay true
        log_type error

        """);

    /// <summary>
    /// The NATS server as its documents want it for MQTT: JetStream on disk, and as many unacknowledged deliveries as it allows: 65535 for each
    /// session, of which a subscription with # takes twice the number given here.
    /// </summary>
    /// <param name="ports">Its ports.</param>
    /// <param name="directory">Where JetStream keeps its files.</param>
    public static string NatsConfiguration(IReadOnlyDictionary<BenchCarrier, int> ports, string directory) => string.Create(CultureInfo.InvariantCulture, $$"""
        server_name: "bench"
        listen: "127.0.0.1:-1"
        max_connections: 100000
        jetstream { store_dir: "{{directory}}/jetstream" }
        websocket { listen: "127.0.0.1:{{ports[BenchCarrier.WebSocket]}}", no_tls: true }
        mqtt { listen: "127.0.0.1:{{ports[BenchCarrier.Tcp]}}", max_ack_pending: 32767 }

        """);

    /// <summary>The version, as the program tells it; null when the program is not installed.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<string?> FindVersionAsync(CancellationToken cancellationToken)
    {
        if (VersionCommand is not [string program, .. string[] arguments])
        {
            return $"holdfast {typeof(SuiteBroker).Assembly.GetName().Version?.ToString(3)}";
        }

        if (Path.IsPathRooted(program) && !File.Exists(program))
        {
            return null;
        }

        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return output.Split('\n')[0].Trim();
    }

    private static async Task<RunningBroker> StartHoldfastAsync(string directory, CancellationToken cancellationToken)
    {
        string data = Path.Combine(directory, "data");
        string[] arguments =
        [
            "serve", "--data", data, "--certificate", SuiteCertificate.CertificateFile(directory), "--key", SuiteCertificate.KeyFile(directory),
            .. Schemes.SelectMany(scheme => new[] { "--listen", $"{scheme}://127.0.0.1:0" }),
        ];
        BrokerProcess broker = await BrokerProcess.StartAsync(BrokerProgram.ThisOne(), arguments, [], StartTimeout, cancellationToken);
        var ports = new Dictionary<BenchCarrier, int>
        {
            [BenchCarrier.Tcp] = broker.Mqtt!.Port, [BenchCarrier.Tls] = broker.Addresses["mqtts"].Port, [BenchCarrier.WebSocket] = broker.Addresses["ws"].Port,
        };
        return new RunningBroker(ports, broker.Id, data, broker);
    }

    private static async Task<RunningBroker> StartExternalAsync(
        string program, BenchCarrier[] carriers, Func<IReadOnlyDictionary<BenchCarrier, int>, string, string> configuration, string directory, CancellationToken cancellationToken)
    {
        Dictionary<BenchCarrier, int> ports = FindFreePorts(carriers);
        string file = Path.Combine(directory, "broker.conf");
        await File.WriteAllTextAsync(file, configuration(ports, directory), cancellationToken);
        var broker = new ExternalBroker(program, ["-c", file]);
        try
        {
            foreach (int port in ports.Values)
            {
                await broker.WaitForListenerAsync(port, StartTimeout, cancellationToken);
            }

            return new RunningBroker(ports, broker.Id, directory, broker);
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    // These brokers cannot choose a port and tell it. Another process could take one of these first; then the start fails and says so.
    private static Dictionary<BenchCarrier, int> FindFreePorts(BenchCarrier[] carriers)
    {
        var listeners = new Dictionary<BenchCarrier, TcpListener>();
        try
        {
            foreach (BenchCarrier carrier in carriers)
            {
                listeners[carrier] = new TcpListener(IPAddress.Loopback, 0);
                listeners[carrier].Start();
            }

            return listeners.ToDictionary(entry => entry.Key, entry => ((IPEndPoint)entry.Value.LocalEndpoint).Port);
        }
        finally
        {
            foreach (TcpListener listener in listeners.Values)
            {
                listener.Dispose();
            }
        }
    }
}

/// <summary>A broker that the suite has started, until it is disposed of.</summary>
/// <param name="Ports">Its ports on 127.0.0.1.</param>
/// <param name="ProcessId">Its process.</param>
/// <param name="DataDirectory">Its files; null when it keeps none.</param>
/// <param name="Process">What ends it.</param>
internal sealed record RunningBroker(IReadOnlyDictionary<BenchCarrier, int> Ports, int ProcessId, string? DataDirectory, IAsyncDisposable Process) : IAsyncDisposable
{
    /// <summary>A task for this broker.</summary>
    /// <param name="options">The task, whose carrier says which port.</param>
    public BenchOptions Take(BenchOptions options) => options with { Port = Ports[options.Carrier], BrokerProcessId = ProcessId, DataDirectory = DataDirectory };

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
