using System.Net;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Silo;

/// <summary>How a node takes part in its cluster.</summary>
public sealed record ClusterSiloOptions
{
    /// <summary>What the operator calls the node: letters, digits and dashes, at most 64. Two nodes with one name are one node: the later start wins.</summary>
    public required string Name { get; init; }

    /// <summary>Nodes with different ones do not see each other.</summary>
    public string ClusterId { get; init; } = "holdfast";

    /// <summary>Where other nodes reach this one. With port 0 a free one is taken.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>The database that holds the membership.</summary>
    public required PostgresOptions Database { get; init; }

    /// <summary>Answers the other nodes. Called on the thread pool.</summary>
    public required INodeEndpoint Endpoint { get; init; }

    /// <summary>
    /// The others have declared this node dead, or it cannot go on: the process must end itself at once, acknowledging nothing more. Called once, with the reason.
    /// </summary>
    public required Action<string> OnDeclaredDead { get; init; }

    /// <summary>Where the silo reports.</summary>
    public required ILoggerFactory LoggerFactory { get; init; }
}
