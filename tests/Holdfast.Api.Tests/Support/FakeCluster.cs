using Holdfast.Broker.Reports;

namespace Holdfast.Api.Tests.Support;

/// <summary>A cluster of one node that answers as a test says.</summary>
internal sealed class FakeCluster : IClusterReporter
{
    /// <summary>The nodes that were drained.</summary>
    public List<string> Drained { get; } = [];

    public ValueTask<ClusterReport> ReportAsync(CancellationToken cancellationToken) => ValueTask.FromResult(new ClusterReport(
        "cluster",
        "run1",
        new DurabilityReport("synchronous", "On 2 machines.", [new StandbyReport("s1", "10.0.0.2", "sync")]),
        [new NodeReport("a", "a@10.0.0.1:11111@1", "v/r/z", "serving", true, 15, 3, ["mqtt://10.0.0.1:1883"])],
        [new PartitionReport(0, "a", 4, 17), new PartitionReport(1, null, 2, 5)],
        [new RiskReport("this node dies", "Publishing stops.", LosesEvents: false, Stops: true)]));

    public ValueTask<bool> DrainAsync(string node, CancellationToken cancellationToken)
    {
        Drained.Add(node);
        return ValueTask.FromResult(node == "a");
    }
}
