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

    private const string MosquittoProgram = "/usr/sbin/mosquitto";
    private const string NatsProgram = "/usr/sbin/nats-server";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    /// <summary>The brokers that the suite knows.</summary>
    public static readonly IReadOnlyList<SuiteBroker> All =
    [
        new(Holdfast, [], StartHoldfastAsync),
        new(Mosquitto, [MosquittoProgram, "-h"], (directory, cancellationToken) => StartExternalAsync(MosquittoProgram, "-c", MosquittoConfiguration, directory, cancellationToken)),
        new(Nats, [NatsProgram, "--version"], (directory, cancellationToken) => StartExternalAsync(NatsProgram, "-c", NatsConfiguration, directory, cancellationToken)),
    ];

    /// <summary>Mosquitto without the limits that would make it drop messages or wait for acknowledgements.</summary>
    /// <param name="port">Its port.</param>
    /// <param name="directory">Its directory; it keeps nothing there.</param>
    public static string MosquittoConfiguration(int port, string directory) => string.Create(CultureInfo.InvariantCulture, $"""
        listener {port} 127.0.0.1
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
    /// <param name="port">Its port for MQTT.</param>
    /// <param name="directory">Where JetStream keeps its files.</param>
    public static string NatsConfiguration(int port, string directory) => string.Create(CultureInfo.InvariantCulture, $$"""
        server_name: "bench"
        listen: "127.0.0.1:-1"
        max_connections: 100000
        jetstream { store_dir: "{{directory}}/jetstream" }
        mqtt { listen: "127.0.0.1:{{port}}", max_ack_pending: 32767 }

        """);

    /// <summary>The version, as the program tells it; null when the program is not installed.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<string?> FindVersionAsync(CancellationToken cancellationToken)
    {
        if (VersionCommand is not [string program, .. string[] arguments])
        {
            return $"holdfast {typeof(SuiteBroker).Assembly.GetName().Version?.ToString(3)}";
        }

        if (!File.Exists(program))
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
        BrokerProcess broker = await BrokerProcess.StartAsync(BrokerProgram.ThisOne(), directory, 0, 0, StartTimeout, cancellationToken);
        return new RunningBroker(broker.Mqtt!.Port, broker.Id, directory, broker);
    }

    private static async Task<RunningBroker> StartExternalAsync(
        string program, string option, Func<int, string, string> configuration, string directory, CancellationToken cancellationToken)
    {
        int port = FindFreePort();
        string file = Path.Combine(directory, "broker.conf");
        await File.WriteAllTextAsync(file, configuration(port, directory), cancellationToken);
        var broker = new ExternalBroker(program, [option, file]);
        try
        {
            await broker.WaitForListenerAsync(port, StartTimeout, cancellationToken);
            return new RunningBroker(port, broker.Id, directory, broker);
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    // These brokers cannot choose a port and tell it. Another process could take this one first; then the start fails and says so.
    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A broker that the suite has started, until it is disposed of.</summary>
/// <param name="Port">Its port for MQTT on 127.0.0.1.</param>
/// <param name="ProcessId">Its process.</param>
/// <param name="DataDirectory">Its files.</param>
/// <param name="Process">What ends it.</param>
internal sealed record RunningBroker(int Port, int ProcessId, string DataDirectory, IAsyncDisposable Process) : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
