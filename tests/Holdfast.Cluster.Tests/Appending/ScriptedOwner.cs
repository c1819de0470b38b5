using System.Threading.Channels;
using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Sessions;

namespace Holdfast.Cluster.Tests.Appending;

/// <summary>A node whose answers the test gives.</summary>
internal sealed class ScriptedOwner : INodeEndpoint
{
    private readonly Channel<Asked> _asked = Channel.CreateUnbounded<Asked>();

    public Channel<DirectMessages> Relayed { get; } = Channel.CreateUnbounded<DirectMessages>();

    public Channel<Interest> Interests { get; } = Channel.CreateUnbounded<Interest>();

    public Channel<PushedBatches> Pushed { get; } = Channel.CreateUnbounded<PushedBatches>();

    /// <summary>The next request that comes.</summary>
    public async Task<Asked> NextAsync()
        => await _asked.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public async ValueTask<AppendAnswer> AppendAsync(AppendRequest request)
    {
        var asked = new Asked(request);
        _asked.Writer.TryWrite(asked);
        return await asked.Answer.Task;
    }

    public ValueTask<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat) => throw new NotSupportedException();

    public ValueTask<bool> PushAsync(PushedBatches pushed) => new(Pushed.Writer.TryWrite(pushed));

    public ValueTask<bool> RelayAsync(DirectMessages messages) => new(Relayed.Writer.TryWrite(messages));

    public ValueTask<bool> HearInterestAsync(Interest interest) => new(Interests.Writer.TryWrite(interest));

    public ValueTask<ReleaseOutcome> ReleaseAsync(SessionRelease release) => throw new NotSupportedException();

    public ValueTask<bool> DrainAsync(string node) => throw new NotSupportedException();

    public ValueTask<OwnedPartition[]> FenceAsync(NodeId gone) => throw new NotSupportedException();

    public ValueTask<byte[]> AnswerAsync(byte[] request) => throw new NotSupportedException();

    /// <summary>A request that waits for its answer.</summary>
    internal sealed record Asked(AppendRequest Request)
    {
        public TaskCompletionSource<AppendAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ForwardedBatch Batch => Assert.Single(Request.Batches);

        public void Say(ForwardedStatus status, params long[] offsets) => Answer.SetResult(new AppendAnswer([new ForwardedOutcome(status, offsets.Length == 0 ? null : offsets)]));

        public void Fail(NodeId node) => Answer.SetException(new PeerUnavailableException(node, "it is dead."));
    }
}
