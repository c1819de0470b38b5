using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Drill.Faults;

/// <summary>SIGKILL of a PostgreSQL server and its Patroni; etcd lives on.</summary>
/// <param name="member">The server.</param>
/// <param name="role">What it is, in words.</param>
internal sealed class ServerKillFault(DatabaseMember member, string role) : IFault
{
    /// <inheritdoc/>
    public string Description => $"SIGKILL of PostgreSQL and Patroni on {member.Machine.Name}, the {role}";

    /// <inheritdoc/>
    public Task InjectAsync(CancellationToken cancellationToken) => member.KillServerAsync(cancellationToken);

    /// <inheritdoc/>
    public Task UndoAsync(CancellationToken cancellationToken)
    {
        member.Start();
        return Task.CompletedTask;
    }
}

/// <summary>SIGKILL of everything in a zone at once.</summary>
/// <param name="node">The zone's node.</param>
/// <param name="member">The zone's database machine.</param>
internal sealed class ZoneDeathFault(LabNode node, DatabaseMember member) : IFault
{
    /// <inheritdoc/>
    public string Description => $"death of zone {node.Machine.Zone}: {node.Machine.Name} and {member.Machine.Name}";

    /// <inheritdoc/>
    public Task InjectAsync(CancellationToken cancellationToken) => Task.WhenAll(node.KillAsync(cancellationToken), member.KillMachineAsync(cancellationToken));

    /// <inheritdoc/>
    public Task UndoAsync(CancellationToken cancellationToken)
    {
        member.Start();
        node.Start();
        return Task.CompletedTask;
    }
}
