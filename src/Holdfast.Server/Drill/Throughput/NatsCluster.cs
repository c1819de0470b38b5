using System.Globalization;
using Holdfast.Server.Bench;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Drill.Throughput;

/// <summary>Three NATS servers with JetStream and an MQTT listener, whose streams have three replicas.</summary>
/// <param name="laboratory">Where they run.</param>
internal sealed class NatsCluster(Laboratory laboratory) : IDisposable
{
    /// <summary>Where the servers listen for MQTT.</summary>
    public const int MqttPort = 21884;

    private const string Program = "nats-server";
    private const int ClientPort = 24222;
    private const int RoutePort = 26222;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly List<LabProcess> _servers = [];

    /// <summary>Starts them and waits until each takes a client.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">The program is missing, or the cluster did not start.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        string program = LabPrograms.OnPath(Program) ?? throw new LabException($"{Program} is not installed: apt-get install {Program}");
        foreach (LabMachine machine in laboratory.NodeMachines)
        {
            string directory = Directory.CreateDirectory(Path.Combine(machine.Directory, "nats")).FullName;
            string file = Path.Combine(directory, "nats.conf");
            await File.WriteAllTextAsync(file, Configuration(machine, directory), cancellationToken);
            _servers.Add(LabProcess.Start(laboratory.Network, machine, "nats", Nothing, [program, "-c", file]));
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        foreach (LabMachine machine in laboratory.NodeMachines)
        {
            await WaitForAsync(machine, limit.Token, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _servers.ForEach(server => server.Dispose());

    private string Configuration(LabMachine machine, string directory) => string.Create(CultureInfo.InvariantCulture, $$"""
        server_name: "{{machine.Name}}"
        listen: "{{machine.Address}}:{{ClientPort}}"
        max_connections: 100000
        cluster { name: "bench", listen: "{{machine.Address}}:{{RoutePort}}", routes: [{{string.Join(", ", laboratory.NodeMachines.Select(peer => $"\"nats://{peer.Address}:{RoutePort}\""))}}] }
        jetstream { store_dir: "{{directory}}/jetstream" }
        mqtt { listen: "{{machine.Address}}:{{MqttPort}}", stream_replicas: 3, max_ack_pending: 32767 }

        """);

    // A server takes clients once the cluster has elected its leaders and made the streams of MQTT.
    private async Task WaitForAsync(LabMachine machine, CancellationToken limit, CancellationToken cancellationToken)
    {
        var options = new BenchOptions { Scenario = BenchScenario.Ingest, Host = machine.Address.ToString(), Port = MqttPort };
        while (true)
        {
            try
            {
                using BenchConnection connection = await BenchConnection.OpenAsync(options, new BenchClient($"probe-{machine.Name}"), limit);
                return;
            }
            catch (Exception exception) when (exception is IOException or InvalidOperationException or System.Net.Sockets.SocketException && !limit.IsCancellationRequested)
            {
                await Task.Delay(Interval, cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new LabException($"the NATS cluster did not take clients within {StartLimit.TotalSeconds:0} s. {machine.Name} said:\n{string.Join('\n', _servers.Select(server => server.LastLines()))}");
            }
        }
    }
}
