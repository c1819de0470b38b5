using System.Net;
using Holdfast.Cluster.Ownership;
using Holdfast.Log.Postgres;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster;

/// <summary>How a node takes part in a cluster.</summary>
public sealed record ClusterNodeOptions
{
    /// <summary>What the operator calls the node: letters, digits and dashes, at most 64. No two nodes have the same.</summary>
    public required string Name { get; init; }

    /// <summary>Where the node is: vendor/region/zone.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Where this node listens for the others. With port 0 a free one is taken.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>What all nodes of the cluster know and nobody else does; may be missing on loopback only.</summary>
    public string? Secret { get; init; }

    /// <summary>The database; its owner is named by the node.</summary>
    public required PostgresOptions Database { get; init; }

    /// <summary>The times of the cluster.</summary>
    public ClusterTimes Times { get; init; } = new();

    /// <summary>Called when an operator wants this node to drain.</summary>
    public required Action OnDrain { get; init; }

    /// <summary>Called once when this node must end itself at once, acknowledging nothing more: it was taken for dead.</summary>
    public required Action<string> OnDeclaredDead { get; init; }

    /// <summary>Called when the database has lost what this node knows to be committed: the process must end and start anew from what there is. Possible only with asynchronous replication.</summary>
    public required Action<string> OnEndLost { get; init; }

    /// <summary>Called when the store can no longer be trusted: the process must end.</summary>
    public required Action<Exception> OnFatal { get; init; }

    /// <summary>Where the node reports.</summary>
    public required ILoggerFactory LoggerFactory { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
