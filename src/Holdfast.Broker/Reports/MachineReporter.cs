using Holdfast.Log.Partitions;

namespace Holdfast.Broker.Reports;

/// <summary>Reports of a single machine.</summary>
/// <param name="log">The log.</param>
/// <param name="broker">The node.</param>
/// <param name="drain">Drains this node.</param>
public sealed class MachineReporter(IPartitionLog log, BrokerNode broker, Action drain) : IClusterReporter
{
    private const string Name = "machine";

    /// <inheritdoc/>
    public ValueTask<ClusterReport> ReportAsync(CancellationToken cancellationToken)
    {
        var partitions = Enumerable.Range(0, log.PartitionCount).Select(partition => new PartitionReport(partition, Name, 1, log.CommittedOffset(partition)));
        return ValueTask.FromResult(new ClusterReport(
            "machine",
            log.Incarnation,
            new DurabilityReport("disk", "An acknowledged event is on this machine's disk, flushed.", []),
            [new NodeReport(Name, "", "", "serving", true, log.PartitionCount, broker.ConnectionCount, [])],
            [.. partitions],
            [
                new RiskReport("this machine stops", "Nothing is accepted until it runs again; devices that buffer lose nothing.", LosesEvents: false, Stops: true),
                new RiskReport("this machine's disk is lost", "Every event that was not delivered or copied elsewhere is lost.", LosesEvents: true, Stops: true),
            ]));
    }

    /// <inheritdoc/>
    public ValueTask<bool> DrainAsync(string node, CancellationToken cancellationToken)
    {
        if (node != Name)
        {
            return ValueTask.FromResult(false);
        }

        drain();
        return ValueTask.FromResult(true);
    }
}
