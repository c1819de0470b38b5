using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Batches;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Cluster.Tests.Fanout;

public sealed class CommitFanoutTests : IAsyncDisposable
{
    private readonly FollowedLog _log = new();
    private readonly Subscribers _subscribers = new();
    private readonly CatchUp _catchUp;
    private readonly CommitFanout _fanout;

    public CommitFanoutTests()
    {
        _catchUp = new CatchUp(_log, NullLogger.Instance, static exception => Assert.Fail(exception.ToString()), TimeProvider.System) { Sink = _subscribers };
        _fanout = new CommitFanout(_log, new FewPeers(), _catchUp, new DatabaseReach(TimeProvider.System), _ => { }) { Sink = _subscribers };
    }

    public async ValueTask DisposeAsync()
    {
        await _fanout.DisposeAsync();
        await _catchUp.DisposeAsync();
        await _log.DisposeAsync();
    }

    [Fact]
    public async Task A_pushed_batch_is_delivered_once()
    {
        var batch = await _log.CommitAsync(1);
        _fanout.Receive(Push(batch));
        _fanout.Receive(Push(batch));
        Assert.Equal((1, 0L), await _subscribers.NextAsync());
        Assert.Equal((1L, 1L, 0), (_subscribers.AnnouncedOffset(1), _log.CommittedOffset(1), _subscribers.Delivered.Reader.Count));
    }

    [Fact]
    public async Task What_is_missing_before_a_pushed_batch_is_read_from_the_log()
    {
        await _log.CommitAsync(0);
        await _log.CommitAsync(0, 3);
        _fanout.Receive(Push(await _log.CommitAsync(0)));
        Assert.Equal([(0, 0L), (0, 1L), (0, 4L)], [await _subscribers.NextAsync(), await _subscribers.NextAsync(), await _subscribers.NextAsync()]);
    }

    [Fact]
    public async Task A_last_push_that_was_lost_is_found_by_what_its_owner_says()
    {
        _fanout.Receive(Push(await _log.CommitAsync(0)));
        Assert.Equal((0, 0L), await _subscribers.NextAsync());
        await _log.CommitAsync(0);
        _catchUp.Hear(0, 2);
        _catchUp.Hear(0, 2);
        Assert.Equal((0, 1L), await _subscribers.NextAsync());
    }

    private static PushedBatches Push(RecordBatch batch)
        => new(Names.B, [new PushedBatch(batch.Partition, batch.BaseOffset, batch.Count, batch.LastReceivedAtMilliseconds, batch.Body.ToArray())]);

    private sealed class FewPeers : IPeers
    {
        public event Action Changed
        {
            add { }
            remove { }
        }

        public NodeId Self => Names.A;

        public IReadOnlyList<NodeId> Others => [];

        public bool IsDeclaredDead(NodeId node) => false;

        public INodeEndpoint Get(NodeId node) => throw new NotSupportedException();
    }
}
