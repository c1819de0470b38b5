using Holdfast.Mqtt;
using Holdfast.Server.Bench;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.Demo;
using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Drill.Throughput;

/// <summary>
/// Measures QoS 1 ingest and the take-over of sessions of a cluster of three nodes with a primary and a synchronous standby, and the ingest of three NATS servers with three replicas, in turn, on
/// loopback addresses, each time with fresh processes and empty directories.
/// </summary>
/// <param name="rounds">How often each is measured.</param>
/// <param name="duration">How long each round is measured.</param>
/// <param name="warmUp">The load before.</param>
/// <param name="directory">Where files are kept meanwhile.</param>
/// <param name="program">What runs the nodes.</param>
/// <param name="tell">Where to tell what happens.</param>
internal sealed class ThroughputRun(int rounds, TimeSpan duration, TimeSpan warmUp, string directory, BrokerProgram program, Action<string> tell)
{
    private const int DatabaseMachines = 2;
    private static readonly BenchOptions Ingest = BenchScenarios.Find("ingest").Defaults with { QualityOfService = QualityOfService.AtLeastOnce };

    /// <summary>Runs it.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="LabException">A cluster did not start.</exception>
    public async Task<ThroughputReport> RunAsync(CancellationToken cancellationToken)
    {
        LabPrograms programs = LabPrograms.Find();
        List<BenchResult> holdfast = [], nats = [], takeOver = [];
        for (int round = 1; round <= rounds; round++)
        {
            await using (Laboratory laboratory = await Laboratory.CreateAsync(directory, programs, useNamespaces: false, DatabaseMachines))
            {
                using var cluster = new DrillCluster(laboratory, program, isOneMachine: false, stepsClocks: false);
                await cluster.StartAsync(tell, cancellationToken);
                holdfast.Add(await MeasureAsync("holdfast", Ingest, round, laboratory, LabNode.MqttPort, cancellationToken));
                takeOver.Add(await MeasureAsync("holdfast", BenchScenarios.Find("take-over").Defaults, round, laboratory, LabNode.MqttPort, cancellationToken));
            }

            await using (Laboratory laboratory = await Laboratory.CreateAsync(directory, programs, useNamespaces: false))
            {
                using var cluster = new NatsCluster(laboratory);
                await cluster.StartAsync(cancellationToken);
                nats.Add(await MeasureAsync("nats-server", Ingest, round, laboratory, NatsCluster.MqttPort, cancellationToken));
            }
        }

        return new ThroughputReport(
            Summarize("Holdfast, 3 nodes, PostgreSQL with a synchronous standby", holdfast), Summarize("nats-server, 3 servers, JetStream R3", nats),
            Summarize("Holdfast, sessions taken over by another node, 10 at once", takeOver));
    }

    /// <summary>What rounds come to.</summary>
    /// <param name="name">The cluster.</param>
    /// <param name="results">The rounds; at least one.</param>
    public static ClusterThroughput Summarize(string name, IReadOnlyList<BenchResult> results)
    {
        BenchResult middle = results.OrderBy(result => result.PerSecond).ElementAt(results.Count / 2);
        return new ClusterThroughput(
            name, middle.PerSecond, [.. results.Select(result => result.PerSecond)], middle.Latency?.P50, middle.Latency?.P99,
            [.. results.SelectMany(result => result.Errors).Select(error => error.Reason).Distinct()]);
    }

    private async Task<BenchResult> MeasureAsync(string name, BenchOptions load, int round, Laboratory laboratory, int port, CancellationToken cancellationToken)
    {
        BenchOptions options = load with
        {
            Hosts = [.. laboratory.NodeMachines.Select(machine => machine.Address.ToString())],
            Host = laboratory.NodeMachines[0].Address.ToString(),
            Port = port,
            Duration = duration,
            WarmUp = warmUp,
        };
        BenchResult result = await BenchScenarios.RunAsync(options, cancellationToken);
        tell($"{name}, round {round}: {BenchReport.FormatLine(result)}");
        return result;
    }
}
