namespace Holdfast.Broker.Reports;

/// <summary>Tells what an acknowledgement means now, who serves what, and what the next failure would cost.</summary>
public interface IClusterReporter
{
    /// <summary>Looks now.</summary>
    /// <param name="cancellationToken">Ends the looking.</param>
    ValueTask<ClusterReport> ReportAsync(CancellationToken cancellationToken);

    /// <summary>Drains a node: it hands over what it owns, sends its clients elsewhere, and ends.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="cancellationToken">Ends the waiting for the node's answer.</param>
    /// <returns>False when there is no such node, or it does not answer.</returns>
    ValueTask<bool> DrainAsync(string node, CancellationToken cancellationToken);
}

/// <summary>A cluster, or a single machine, as one node sees it.</summary>
/// <param name="Kind"><c>machine</c> or <c>cluster</c>.</param>
/// <param name="Incarnation">Names this life of the store.</param>
/// <param name="Durability">What an acknowledgement means.</param>
/// <param name="Nodes">The nodes, by name.</param>
/// <param name="Partitions">Who owns what.</param>
/// <param name="Risks">What a single failure would stop or lose.</param>
public sealed record ClusterReport(
    string Kind,
    string Incarnation,
    DurabilityReport Durability,
    IReadOnlyList<NodeReport> Nodes,
    IReadOnlyList<PartitionReport> Partitions,
    IReadOnlyList<RiskReport> Risks);

/// <summary>What an acknowledgement means.</summary>
/// <param name="Level"><c>disk</c>: on this machine's disk; <c>synchronous</c>: on the primary and a synchronous standby; <c>attested</c>: as the operator says; <c>asynchronous</c>: on the primary only; <c>unknown</c>: the database does not answer.</param>
/// <param name="Meaning">The same in words.</param>
/// <param name="Standbys">The database's standbys, when they can be seen.</param>
public sealed record DurabilityReport(string Level, string Meaning, IReadOnlyList<StandbyReport> Standbys);

/// <summary>A standby of the database.</summary>
/// <param name="Name">Its application name.</param>
/// <param name="Address">Its address, or empty.</param>
/// <param name="State"><c>sync</c>, <c>quorum</c>, <c>potential</c> or <c>async</c>; empty when it may not be seen.</param>
public sealed record StandbyReport(string Name, string Address, string State);

/// <summary>A node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">This life of it.</param>
/// <param name="Zone">Where it is.</param>
/// <param name="State"><c>serving</c>, <c>silent</c> or <c>leaving</c>.</param>
/// <param name="IsSelf">Whether it is the one that reports.</param>
/// <param name="Partitions">How many it owns.</param>
/// <param name="Connections">How many network connections it has.</param>
/// <param name="Listening">Where it listens.</param>
public sealed record NodeReport(
    string Name, string Id, string Zone, string State, bool IsSelf, int Partitions, int Connections, IReadOnlyList<string> Listening);

/// <summary>A partition of the log.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Owner">The name of its owner; null while nobody serves it.</param>
/// <param name="Epoch">The epoch of its owner.</param>
/// <param name="CommittedOffset">The offset after the last committed record, as far as this node knows.</param>
public sealed record PartitionReport(int Partition, string? Owner, long Epoch, long CommittedOffset);

/// <summary>What a single failure would cost.</summary>
/// <param name="Failure">What fails.</param>
/// <param name="Consequence">What follows.</param>
/// <param name="LosesEvents">Whether acknowledged events may be lost.</param>
/// <param name="Stops">Whether publishing stops until somebody acts.</param>
public sealed record RiskReport(string Failure, string Consequence, bool LosesEvents, bool Stops);
