using Holdfast.Broker.Reports;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres;

namespace Holdfast.Cluster.Reports;

/// <summary>What this node knows of the cluster and its database.</summary>
internal sealed class ClusterReporter(
    PostgresPartitionLog log, DurabilityPolicy policy, IPeers peers, NodeHearing hearing, OwnerTable owners, ClusterTimes times, Func<Heartbeat> self, Action drain)
    : IClusterReporter
{
    /// <inheritdoc/>
    public async ValueTask<ClusterReport> ReportAsync(CancellationToken cancellationToken)
    {
        var durability = await DurabilityAsync(cancellationToken).ConfigureAwait(false);
        var nodes = Nodes();
        return new ClusterReport("cluster", log.Incarnation, durability, nodes, Partitions(), ClusterRisks.Of(durability, nodes));
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DrainAsync(string node, CancellationToken cancellationToken)
    {
        if (node == peers.Self.Name)
        {
            drain();
            return true;
        }

        if (peers.Others.FirstOrDefault(other => other.Name == node) is not { } found)
        {
            return false;
        }

        try
        {
            return await peers.Get(found).DrainAsync(node).ConfigureAwait(false);
        }
        catch (PeerUnavailableException)
        {
            return false;
        }
    }

    private async ValueTask<DurabilityReport> DurabilityAsync(CancellationToken cancellationToken)
    {
        AcknowledgementDurability now;
        try
        {
            now = await log.RefreshDurabilityAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DatabaseUnavailableException error)
        {
            return new DurabilityReport("unknown", $"The database does not answer, so nothing is acknowledged: {error.Message}", []);
        }

        StandbyReport[] standbys = [.. now.Standbys.Select(standby => new StandbyReport(standby.Name, standby.Address, standby.SynchronousState))];
        var synchronous = standbys.Where(standby => standby.State is "sync" or "quorum").Select(standby => standby.Name).ToList();
        return policy.Attestation is { } text ? new DurabilityReport("attested", $"Attested by the operator, not seen: {text}", standbys)
            : now.IsSynchronous ? new DurabilityReport("synchronous", $"An acknowledged event is on disk on 2 machines: the database's primary and a synchronous standby ({string.Join(" or ", synchronous)}).", standbys)
            : policy.RequiresSynchronousStandby ? new DurabilityReport("synchronous", "No synchronous standby is attached, so nothing is acknowledged until there is one.", standbys)
            : new DurabilityReport("asynchronous", "An acknowledged event is on the disk of the database's primary only (--accept-async-replication).", standbys);
    }

    private List<NodeReport> Nodes()
    {
        var alive = hearing.Alive(times.Silence).ToDictionary(heartbeat => heartbeat.From);
        var nodes = peers.Others.Select(node => alive.TryGetValue(node, out var said) ? Report(said, isSelf: false) : new NodeReport(node.Name, node.ToString(), "", "silent", false, 0, 0, []));
        return [.. nodes.Append(Report(self(), isSelf: true)).OrderBy(node => node.Name, StringComparer.Ordinal)];
    }

    private static NodeReport Report(Heartbeat said, bool isSelf) => new(
        said.From.Name, said.From.ToString(), said.Zone, said.IsLeaving ? "leaving" : "serving", isSelf, said.Owned.Length, said.Connections, said.Listening);

    private List<PartitionReport> Partitions()
        => [.. Enumerable.Range(0, log.PartitionCount).Select(partition
            => new PartitionReport(partition, owners.OwnerOf(partition)?.Name, owners.EpochOf(partition), log.CommittedOffset(partition)))];
}
