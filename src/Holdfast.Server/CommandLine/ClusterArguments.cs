using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Holdfast.Cluster.Silo;
using Holdfast.Log.Postgres;

namespace Holdfast.Server.CommandLine;

/// <summary>The options of a node of a cluster.</summary>
internal sealed class ClusterArguments
{
    private const string SecretVariable = "HOLDFAST_CLUSTER_SECRET";

    private readonly Option<string?> _cluster = ValueOptions.Text("--cluster", "CONNECTION", "Be a node of the cluster in this PostgreSQL database, such as \"Host=a,b,c;Database=holdfast;Username=holdfast\". The password may come from PGPASSWORD or a Passfile.");
    private readonly Option<string?> _node = ValueOptions.Text("--node", "NAME", "The name of this node: letters, digits and dashes. [default: the host's name]");
    private readonly Option<string?> _zone = ValueOptions.Text("--zone", "VENDOR/REGION/ZONE", "Where this node is.");
    private readonly Option<string?> _listen = ValueOptions.Text("--cluster-listen", "ADDRESS:PORT", "Where the other nodes reach this one. [default: 127.0.0.1 and a free port]");
    private readonly Option<string?> _secretFile = ValueOptions.Text("--cluster-secret-file", "FILE", $"A file with what all nodes know and nobody else does, at least {ClusterSiloOptions.ShortestSecret} random characters; or set {SecretVariable}. Needed unless --cluster-listen is a loopback address.");
    private readonly Option<bool> _acceptAsynchronous = ValueOptions.Flag("--accept-async-replication", "Acknowledge although the database has no synchronous standby: one machine's death may then lose acknowledged events.");
    private readonly Option<string?> _attest = ValueOptions.Text("--attest-durability", "TEXT", "Where the database service hides its replication: what you know about it. It is shown wherever durability is shown.");

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_cluster, _node, _zone, _listen, _secretFile, _acceptAsynchronous, _attest])
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
            Option[] needing = [_node, _zone, _listen, _secretFile, _acceptAsynchronous, _attest];
            return needing.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } lonely ? $"{lonely.Name} belongs to --cluster CONNECTION." : null;
        }

        return !Cluster.Peers.NodeId.IsName(Node(result.GetValue(_node))) ? $"--node {Node(result.GetValue(_node))}: a name has letters, digits and dashes, at most {Cluster.Peers.NodeId.LongestName}."
            : result.GetValue(_listen) is { } listen && (!IPEndPoint.TryParse(listen, out var endPoint) || endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any))
                ? $"--cluster-listen {listen}: write the address and the port at which the other nodes reach this one, such as 10.0.0.5:11111."
            : SecretProblem(result) is { } problem ? problem
            : result.GetValue(_attest) is not null && result.GetValue(_acceptAsynchronous) ? "Say --accept-async-replication or --attest-durability, not both."
            : null;
    }

    /// <summary>How the node takes part, or null for a single machine.</summary>
    /// <param name="result">A command line without errors.</param>
    public ClusterOptions? Bind(ParseResult result) => result.GetValue(_cluster) is not { } connection ? null : new ClusterOptions(
        connection,
        Node(result.GetValue(_node)),
        result.GetValue(_zone) ?? "",
        Listen(result.GetValue(_listen)),
        Secret(result.GetValue(_secretFile)),
        result.GetValue(_attest) is { } text ? DurabilityPolicy.Attested(text)
            : result.GetValue(_acceptAsynchronous) ? DurabilityPolicy.AcceptAsynchronous
            : DurabilityPolicy.SynchronousStandby);

    private string? SecretProblem(CommandResult result)
    {
        if (result.GetValue(_secretFile) is { } file && !File.Exists(file))
        {
            return $"--cluster-secret-file {file}: there is no such file.";
        }

        return Secret(result.GetValue(_secretFile)) switch
        {
            null when !IPAddress.IsLoopback(Listen(result.GetValue(_listen)).Address)
                => $"--cluster-listen {result.GetValue(_listen)} can be reached from other machines: give all nodes a secret with --cluster-secret-file FILE or {SecretVariable}.",
            { Length: < ClusterSiloOptions.ShortestSecret } => $"The secret of the cluster needs at least {ClusterSiloOptions.ShortestSecret} characters.",
            _ => null,
        };
    }

    private static IPEndPoint Listen(string? given) => given is null ? new IPEndPoint(IPAddress.Loopback, 0) : IPEndPoint.Parse(given);

    private static string? Secret(string? file)
        => file is not null ? File.ReadAllText(file).Trim() : Environment.GetEnvironmentVariable(SecretVariable) is { Length: > 0 } secret ? secret : null;

    private static string Node(string? given) => given ?? Dns.GetHostName().Split('.')[0];
}

/// <summary>How a node takes part in a cluster.</summary>
/// <param name="Connection">The database.</param>
/// <param name="Node">The node's name.</param>
/// <param name="Zone">Where it is.</param>
/// <param name="Listen">Where the other nodes reach it.</param>
/// <param name="Secret">What the nodes know, or null on loopback.</param>
/// <param name="Durability">What an acknowledgement needs.</param>
internal sealed record ClusterOptions(string Connection, string Node, string Zone, IPEndPoint Listen, string? Secret, DurabilityPolicy Durability);
