using Holdfast.Server.Demo;
using Holdfast.Server.Drill.Lab;
using Npgsql;

namespace Holdfast.Server.Drill.Faults;

/// <summary>Chooses whom a planned fault hits, by who is what at that moment.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="program">What nodes run after a rolling restart.</param>
internal sealed class FaultTargets(DrillCluster cluster, BrokerProgram program)
{
    private const int Partitions = 16;
    private static readonly TimeSpan[] ClockSteps = [TimeSpan.FromHours(1), TimeSpan.FromHours(-1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(-2)];

    /// <summary>Chooses.</summary>
    /// <param name="planned">What is planned.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">There is no such target now.</exception>
    public async Task<IFault> ChooseAsync(PlannedFault planned, CancellationToken cancellationToken)
    {
        LabNode node = Pick(cluster.Nodes, planned.Target);
        return planned.Kind switch
        {
            FaultKind.NodeKill => new NodeKillFault(node),
            FaultKind.NodeFreeze => new NodeFreezeFault(node),
            FaultKind.OwnerKill => new NodeKillFault(await FindOwnerAsync(planned.Target % Partitions, cancellationToken)),
            FaultKind.OwnerFreeze => new NodeFreezeFault(await FindOwnerAsync(planned.Target % Partitions, cancellationToken)),
            FaultKind.LateAppend => new LateAppendFault(await FindOwnerAsync(planned.Target % Partitions, cancellationToken), await Database.FindPrimaryAsync(cancellationToken)),
            FaultKind.PrimaryKill => new ServerKillFault(await Database.FindPrimaryAsync(cancellationToken), "primary"),
            FaultKind.StandbyKill => await StandbyKillAsync(planned.Target, cancellationToken),
            FaultKind.CutFromPeers => Cut(node, cluster.Nodes.Where(other => other != node).Select(other => other.Machine), "the other nodes"),
            FaultKind.CutFromDatabase => Cut(node, Database.Members.Select(member => member.Machine), "the database"),
            FaultKind.PrimaryCutFromNodes => await PrimaryCutAsync(cancellationToken),
            FaultKind.SlowNetwork => new SlowNetworkFault(cluster.Network),
            FaultKind.ZoneDeath => new ZoneDeathFault(node, Database.Members.First(member => member.Machine.Zone == node.Machine.Zone)),
            FaultKind.ClockStep => new ClockStepFault(node, Pick(ClockSteps, planned.Target / cluster.Nodes.Count)),
            FaultKind.RollingRestart => new RollingRestartFault(cluster.Nodes, program),
            FaultKind.Several => await SeveralAsync(planned.Parts, cancellationToken),
            _ => throw new LabException($"{planned.Kind} is not known"),
        };
    }

    private LabDatabase Database => cluster.Database ?? throw new LabException("one machine has no database");

    private static T Pick<T>(IReadOnlyList<T> all, int draw) => all[draw % all.Count];

    private CutFault Cut(LabNode node, IEnumerable<LabMachine> from, string whom)
        => new(cluster.Network, [node.Machine], [.. from], $"{node.Machine.Name} is cut off from {whom}");

    private async Task<IFault> PrimaryCutAsync(CancellationToken cancellationToken)
    {
        DatabaseMember primary = await Database.FindPrimaryAsync(cancellationToken);
        return new CutFault(
            cluster.Network, [primary.Machine], [.. cluster.Nodes.Select(node => node.Machine)], $"{primary.Machine.Name}, the primary, is cut off from all nodes");
    }

    private async Task<IFault> StandbyKillAsync(int draw, CancellationToken cancellationToken)
    {
        DatabaseRoles roles = await Database.FindRolesAsync(cancellationToken) ?? throw new LabException("the database does not say who is what");
        string name = Pick([.. roles.Synchronous, .. roles.Asynchronous], draw);
        return new ServerKillFault(Database.Members.First(member => member.Machine.Name == name), roles.Synchronous.Contains(name) ? "synchronous standby" : "other standby");
    }

    private async Task<IFault> SeveralAsync(IReadOnlyList<PlannedFault> parts, CancellationToken cancellationToken)
    {
        var faults = new List<IFault>();
        foreach (PlannedFault part in parts)
        {
            faults.Add(await ChooseAsync(part, cancellationToken));
        }

        return new SeveralFaults(faults);
    }

    private async Task<LabNode> FindOwnerAsync(int partition, CancellationToken cancellationToken)
    {
        DatabaseMember primary = await Database.FindPrimaryAsync(cancellationToken);
        await using NpgsqlConnection connection = await LabDatabase.OpenAsync(primary, cancellationToken);
        await using var command = new NpgsqlCommand("SELECT owner FROM holdfast.partition_head WHERE partition = $1", connection) { Parameters = { new() { Value = (short)partition } } };
        string? owner = await command.ExecuteScalarAsync(cancellationToken) as string;
        return cluster.Nodes.FirstOrDefault(node => owner?.StartsWith(node.Machine.Name, StringComparison.Ordinal) == true)
            ?? throw new LabException($"partition {partition} belongs to '{owner}', which is no node of the drill");
    }
}
