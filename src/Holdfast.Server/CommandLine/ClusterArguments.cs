using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Holdfast.Log.Postgres;

namespace Holdfast.Server.CommandLine;

/// <summary>The options of a node of a cluster.</summary>
internal sealed class ClusterArguments
{
    private readonly Option<string?> _cluster = ValueOptions.Text("--cluster", "CONNECTION", "Be a node of the cluster in this PostgreSQL database, such as \"Host=a,b,c;Database=holdfast;Username=holdfast\". The password may come from PGPASSWORD or a Passfile.");
    private readonly Option<string?> _node = ValueOptions.Text("--node", "NAME", "The name of this node: letters, digits and dashes. [default: the host's name]");
    private readonly Option<string?> _zone = ValueOptions.Text("--zone", "VENDOR/REGION/ZONE", "Where this node is.");
    private readonly Option<string?> _listen = ValueOptions.Text("--cluster-listen", "ADDRESS:PORT", "Where the other nodes reach this one. [default: 127.0.0.1 and a free port]");
    private readonly Option<bool> _acceptAsynchronous = ValueOptions.Flag("--accept-async-replication", "Acknowledge although the database has no synchronous standby: one machine's death may then lose acknowledged events.");
    private readonly Option<string?> _attest = ValueOptions.Text("--attest-durability", "TEXT", "Where the database service hides its replication: what you know about it. It is shown wherever durability is shown.");

    /// <summary>The variable with the secret that all nodes of a cluster have in common; never on the command line, where every user could read it.</summary>
    public const string SecretVariable = "HOLDFAST_CLUSTER_SECRET";

    private static string? Secret => Environment.GetEnvironmentVariable(SecretVariable) is { Length: > 0 } secret ? secret : null;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_cluster, _node, _zone, _listen, _acceptAsynchronous, _attest])
        {
            command.Add(option);
        }
    }

    /// <summary>What is wrong with the options and what to do, or null.</summary>
    /// <param name="result">The parsed command.</param>
    public string? Problem(CommandResult result)
    {
        if (result.GetValue(_cluster) is null)
        {
            Option[] needing = [_node, _zone, _listen, _acceptAsynchronous, _attest];
            return needing.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } lonely ? $"{lonely.Name} belongs to --cluster CONNECTION." : null;
        }

        return !Cluster.Peers.NodeId.IsName(Node(result.GetValue(_node))) ? $"--node {Node(result.GetValue(_node))}: a name has letters, digits and dashes, at most {Cluster.Peers.NodeId.LongestName}."
            : result.GetValue(_listen) is { } listen && (!IPEndPoint.TryParse(listen, out var endPoint) || endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any))
                ? $"--cluster-listen {listen}: write the address and the port at which the other nodes reach this one, such as 10.0.0.5:11111."
            : Secret is null && result.GetValue(_listen) is { } reachable && !IPAddress.IsLoopback(IPEndPoint.Parse(reachable).Address)
                ? $"--cluster-listen {reachable} can be reached from other machines: give all nodes the same secret, of at least {Cluster.Silo.ClusterSiloOptions.ShortestSecret} characters, in {SecretVariable}."
            : Secret?.Length < Cluster.Silo.ClusterSiloOptions.ShortestSecret ? $"{SecretVariable} is too short: at least {Cluster.Silo.ClusterSiloOptions.ShortestSecret} characters."
            : result.GetValue(_attest) is not null && result.GetValue(_acceptAsynchronous) ? "Say --accept-async-replication or --attest-durability, not both."
            : null;
    }

    /// <summary>How the node takes part, or null for a single machine.</summary>
    /// <param name="result">A command line without errors.</param>
    public ClusterOptions? Bind(ParseResult result) => result.GetValue(_cluster) is not { } connection ? null : new ClusterOptions(
        connection,
        Node(result.GetValue(_node)),
        result.GetValue(_zone) ?? "",
        result.GetValue(_listen) is { } listen ? IPEndPoint.Parse(listen) : new IPEndPoint(IPAddress.Loopback, 0),
        result.GetValue(_attest) is { } text ? DurabilityPolicy.Attested(text)
            : result.GetValue(_acceptAsynchronous) ? DurabilityPolicy.AcceptAsynchronous
            : DurabilityPolicy.SynchronousStandby,
        Secret);

    private static string Node(string? given) => given ?? Dns.GetHostName().Split('.')[0];
}

/// <summary>How a node takes part in a cluster.</summary>
/// <param name="Connection">The database.</param>
/// <param name="Node">The node's name.</param>
/// <param name="Zone">Where it is.</param>
/// <param name="Listen">Where the other nodes reach it.</param>
/// <param name="Durability">What an acknowledgement needs.</param>
/// <param name="Secret">What the nodes have in common; null only where they listen on loopback. Never shown.</param>
internal sealed record ClusterOptions(string Connection, string Node, string Zone, IPEndPoint Listen, DurabilityPolicy Durability, string? Secret);
