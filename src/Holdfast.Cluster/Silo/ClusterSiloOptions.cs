using System.Net;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Silo;

/// <summary>How a node takes part in its cluster. The cluster is the store: nodes with one database and schema see each other.</summary>
public sealed record ClusterSiloOptions
{
    /// <summary>The fewest characters of a secret.</summary>
    public const int ShortestSecret = 16;

    /// <summary>What the operator calls the node: letters, digits and dashes, at most 64. No two nodes have the same.</summary>
    public required string Name { get; init; }

    /// <summary>Where this node listens for the others, and where they reach it. With port 0 a free one is taken.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>
    /// What all nodes of the cluster know and nobody else does: at least 16 characters. A node without it is refused. It may be missing only where other machines cannot
    /// connect: when <see cref="Listen"/> is a loopback address.
    /// </summary>
    public string? Secret { get; init; }

    /// <summary>The database that holds the membership.</summary>
    public required PostgresOptions Database { get; init; }

    /// <summary>Answers the other nodes. Called on the thread pool, several calls at once, also before <see cref="ClusterSilo.StartAsync"/> has returned.</summary>
    public required INodeEndpoint Endpoint { get; init; }

    /// <summary>
    /// The others have declared this node dead, or it cannot go on: the process must end itself at once, acknowledging nothing more. Called once, with the reason.
    /// </summary>
    public required Action<string> OnDeclaredDead { get; init; }

    /// <summary>Where the silo reports.</summary>
    public required ILoggerFactory LoggerFactory { get; init; }

    internal void Validate()
    {
        if (!NodeId.IsName(Name))
        {
            throw new FormatException($"'{Name}' is no name for a node: letters, digits and dashes, at most {NodeId.LongestName}.");
        }

        if (Listen.Address.Equals(IPAddress.Any) || Listen.Address.Equals(IPAddress.IPv6Any))
        {
            throw new ArgumentException($"{Listen} is not where other nodes reach this one: name one of its addresses.");
        }

        if (Secret is null ? !IPAddress.IsLoopback(Listen.Address) : Secret.Length < ShortestSecret)
        {
            throw new ArgumentException($"The nodes of a cluster need a common secret of at least {ShortestSecret} characters, unless they listen on a loopback address.");
        }
    }
}
