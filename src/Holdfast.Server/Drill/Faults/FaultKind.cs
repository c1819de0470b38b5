using System.Text;

namespace Holdfast.Server.Drill.Faults;

/// <summary>What can be done to the cluster.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL of any node.</summary>
    NodeKill,

    /// <summary>SIGSTOP of any node, then SIGCONT.</summary>
    NodeFreeze,

    /// <summary>SIGKILL of the node that owns a given partition.</summary>
    OwnerKill,

    /// <summary>SIGSTOP of the node that owns a given partition, then SIGCONT.</summary>
    OwnerFreeze,

    /// <summary>SIGKILL of an owner whose appends are on their way: they reach the database when the successor has written.</summary>
    LateAppend,

    /// <summary>SIGKILL of the primary's PostgreSQL and its Patroni.</summary>
    PrimaryKill,

    /// <summary>SIGKILL of a standby's PostgreSQL and its Patroni.</summary>
    StandbyKill,

    /// <summary>A node cannot reach the other nodes, nor they it.</summary>
    CutFromPeers,

    /// <summary>A node cannot reach the database.</summary>
    CutFromDatabase,

    /// <summary>No node can reach the primary; the database itself sees nothing of it.</summary>
    PrimaryCutFromNodes,

    /// <summary>80 ms between zones, there and back.</summary>
    SlowNetwork,

    /// <summary>SIGKILL of all processes of one zone at once: node, PostgreSQL, Patroni and etcd.</summary>
    ZoneDeath,

    /// <summary>The clock of a node is stepped forwards or backwards.</summary>
    ClockStep,

    /// <summary>Every node is stopped by SIGTERM and started again, one after another.</summary>
    RollingRestart,

    /// <summary>Two different faults at once.</summary>
    Several,
}

/// <summary>What the pause of publishing after a fault is held against.</summary>
internal enum PausePromise
{
    /// <summary>Nothing; it is only told.</summary>
    None,

    /// <summary>At most one second: an upgrade.</summary>
    OneSecond,

    /// <summary>At most two seconds: the death of a node.</summary>
    TwoSeconds,

    /// <summary>The time in which the database itself took no commit, and one second, but not below two seconds.</summary>
    Database,

    /// <summary>The same and two seconds: nobody can take over from a dead node before there is a database.</summary>
    DatabaseAndNode,
}

/// <summary>What is known of the kinds.</summary>
internal static class FaultKinds
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<FaultKind> All = Enum.GetValues<FaultKind>();

    /// <summary>The name on the command line, such as <c>node-kill</c>.</summary>
    public static string Name(this FaultKind kind)
    {
        var name = new StringBuilder();
        foreach (char letter in kind.ToString())
        {
            name.Append(char.IsUpper(letter) && name.Length > 0 ? "-" : "").Append(char.ToLowerInvariant(letter));
        }

        return name.ToString();
    }

    /// <summary>What the pause is held against.</summary>
    public static PausePromise Promise(this FaultKind kind) => kind switch
    {
        FaultKind.NodeKill or FaultKind.OwnerKill => PausePromise.TwoSeconds,
        FaultKind.PrimaryKill or FaultKind.StandbyKill => PausePromise.Database,
        FaultKind.ZoneDeath => PausePromise.DatabaseAndNode,
        FaultKind.RollingRestart => PausePromise.OneSecond,
        _ => PausePromise.None,
    };

    /// <summary>Whether a single machine can be drilled with it.</summary>
    public static bool FitsOneMachine(this FaultKind kind) => kind is FaultKind.NodeKill or FaultKind.NodeFreeze or FaultKind.ClockStep;

    /// <summary>Whether the machines must be namespaces whose network can be cut, and whose connections are told apart by their address.</summary>
    public static bool NeedsNamespaces(this FaultKind kind)
        => kind is FaultKind.LateAppend or FaultKind.CutFromPeers or FaultKind.CutFromDatabase or FaultKind.PrimaryCutFromNodes;
}
