using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Sessions;

namespace Holdfast.Cluster.Peers;

/// <summary>What this node can be asked. Messages that come before it is composed are refused: for the sender it is not there yet.</summary>
internal sealed class NodeEndpoint : INodeEndpoint
{
    private volatile INodeEndpoint? _answers;

    /// <summary>From now on messages are answered.</summary>
    public void Begin(INodeEndpoint answers) => _answers = answers;

    /// <inheritdoc/>
    public ValueTask<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat) => Answers.HeartbeatAsync(heartbeat);

    /// <inheritdoc/>
    public ValueTask<AppendAnswer> AppendAsync(AppendRequest request) => Answers.AppendAsync(request);

    /// <inheritdoc/>
    public ValueTask<bool> PushAsync(PushedBatches pushed) => Answers.PushAsync(pushed);

    /// <inheritdoc/>
    public ValueTask<OwnedPartition[]> FenceAsync(NodeId gone) => Answers.FenceAsync(gone);

    /// <inheritdoc/>
    public ValueTask<bool> RelayAsync(DirectMessages messages) => Answers.RelayAsync(messages);

    /// <inheritdoc/>
    public ValueTask<bool> HearInterestAsync(Interest interest) => Answers.HearInterestAsync(interest);

    /// <inheritdoc/>
    public ValueTask<ReleaseOutcome> ReleaseAsync(SessionRelease release) => Answers.ReleaseAsync(release);

    /// <inheritdoc/>
    public ValueTask<bool> DrainAsync(string node) => Answers.DrainAsync(node);

    /// <inheritdoc/>
    public ValueTask<byte[]> AnswerAsync(byte[] request) => Answers.AnswerAsync(request);

    private INodeEndpoint Answers => _answers ?? throw new InvalidOperationException("This node is starting.");
}
