using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Peers;

/// <summary>Takes the messages of other nodes.</summary>
internal sealed class NodeService(GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggerFactory, INodeEndpoint endpoint)
    : GrainService(id, silo, loggerFactory), INodeService
{
    /// <inheritdoc/>
    public ValueTask<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.HeartbeatAsync(message), endpoint, heartbeat);
}
