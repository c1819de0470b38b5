using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Sessions;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Peers;

/// <summary>Takes the messages of other nodes.</summary>
internal sealed class NodeService(GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggerFactory, INodeEndpoint endpoint)
    : GrainService(id, silo, loggerFactory), INodeService
{
    /// <inheritdoc/>
    public ValueTask<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.HeartbeatAsync(message), endpoint, heartbeat);

    /// <inheritdoc/>
    public ValueTask<AppendAnswer> AppendAsync(AppendRequest request)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.AppendAsync(message), endpoint, request);

    /// <inheritdoc/>
    public ValueTask<bool> PushAsync(PushedBatches pushed)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.PushAsync(message), endpoint, pushed);

    /// <inheritdoc/>
    public ValueTask<ReleaseOutcome> ReleaseAsync(SessionRelease release)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.ReleaseAsync(message), endpoint, release);

    /// <inheritdoc/>
    public ValueTask<bool> DrainAsync(string node)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.DrainAsync(message), endpoint, node);

    /// <inheritdoc/>
    public ValueTask<OwnedPartition[]> FenceAsync(NodeId gone)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.FenceAsync(message), endpoint, gone);

    /// <inheritdoc/>
    public ValueTask<bool> RelayAsync(DirectMessages messages)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.RelayAsync(message), endpoint, messages);

    /// <inheritdoc/>
    public ValueTask<bool> HearInterestAsync(Interest interest)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.HearInterestAsync(message), endpoint, interest);

    /// <inheritdoc/>
    public ValueTask<byte[]> AnswerAsync(byte[] request)
        => ThreadPoolTurn.RunAsync(static (endpoint, message) => endpoint.AnswerAsync(message), endpoint, request);
}
