using System.Text;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Tests.Appending;
using Holdfast.Log.Batches;
using Holdfast.Log.Records;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Cluster.Tests.Fanout;

public sealed class CommitFanoutTests : IAsyncDisposable
{
    private readonly FollowedLog _log = new();
    private readonly Subscribers _subscribers = new();
    private readonly FewPeers _peers = new();
    private readonly CatchUp _catchUp;
    private readonly DirectRelay _relay;
    private readonly CommitFanout _fanout;

    public CommitFanoutTests()
    {
        _catchUp = new CatchUp(_log, NullLogger.Instance, static exception => Assert.Fail(exception.ToString()), TimeProvider.System) { Sink = _subscribers };
        _relay = new DirectRelay(_peers, static exception => Assert.Fail(exception.ToString()), TimeProvider.System);
        _fanout = new CommitFanout(_log, _peers, _catchUp, _relay, new DatabaseReach(TimeProvider.System), _ => { }) { Sink = _subscribers };
    }

    public async ValueTask DisposeAsync()
    {
        await _fanout.DisposeAsync();
        await _relay.DisposeAsync();
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

    [Fact]
    public async Task A_node_without_a_matching_filter_gets_the_offsets_and_no_byte_of_the_records()
    {
        _peers.Others = [Names.B];
        _fanout.FollowPeers();
        Hear(2, new InterestChange("p", "wanted/#", IsAdded: true));

        Commit(0, 0, "other/1", "other/2");
        Assert.Equal((0L, 2, 2L, 0), Of(await NextPushAsync()));
        Assert.Equal(0, _fanout.OfferedBytes);

        Commit(0, 2, "other/1", "wanted/1");
        var pushed = await NextPushAsync();
        Assert.Equal((2L, 2, 0L), (pushed.BaseOffset, pushed.Count, pushed.JudgedBy));
        Assert.Equal(pushed.Body.Length, _fanout.OfferedBytes);
    }

    [Fact]
    public async Task A_retained_message_goes_to_every_node()
    {
        _peers.Others = [Names.B];
        _fanout.FollowPeers();
        Hear(2);
        Commit(0, 0, "!kept");
        Assert.NotEmpty((await NextPushAsync()).Body);
    }

    [Fact]
    public async Task A_node_whose_filters_are_not_known_gets_everything()
    {
        _peers.Others = [Names.B];
        _fanout.FollowPeers();
        Commit(0, 0, "a");
        Assert.NotEmpty((await NextPushAsync()).Body);
        Assert.False(_relay.Hear(new Interest(Names.B, IsWhole: false, [new InterestChange("p", "b", IsAdded: true)]) { Version = 9 }), "what was before is not known");
        Commit(0, 1, "a");
        Assert.NotEmpty((await NextPushAsync()).Body);
    }

    [Fact]
    public async Task Offsets_that_were_judged_by_earlier_filters_are_read_from_the_log()
    {
        await _log.CommitAsync(0, 2);
        await _log.CommitAsync(0);
        _fanout.Receive(Offsets(0, 0, 2, judgedBy: 1));
        Assert.Equal((2L, 0), (_subscribers.AnnouncedOffset(0), _subscribers.Delivered.Reader.Count));

        _subscribers.NeededVersion = 2;
        _fanout.Receive(Offsets(0, 2, 1, judgedBy: 1));
        Assert.Equal((0, 2L), await _subscribers.NextAsync());
    }

    private static PushedBatches Offsets(int partition, long from, int count, long judgedBy) => new(Names.B, [new PushedBatch(partition, from, count, 0, []) { JudgedBy = judgedBy }]);

    private static (long From, int Count, long JudgedBy, int Bytes) Of(PushedBatch batch) => (batch.BaseOffset, batch.Count, batch.JudgedBy, batch.Body.Length);

    private void Hear(long version, params InterestChange[] changes) => Assert.True(_relay.Hear(new Interest(Names.B, IsWhole: true, changes) { Version = version }));

    private async Task<PushedBatch> NextPushAsync() => Assert.Single((await _peers.B.Pushed.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask()
        .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Batches);

    /// <summary>This node commits a batch; a topic with an exclamation mark is retained.</summary>
    private void Commit(int partition, long from, params string[] topics)
    {
        using var open = new OpenBatch();
        foreach (var topic in topics)
        {
            var record = new PublishRecord { Product = "p"u8, Publisher = "c"u8, Topic = Encoding.UTF8.GetBytes(topic.TrimStart('!')), Payload = "x"u8, Retain = topic[0] == '!' };
            record.WriteTo(open.Reserve(record.Size, 1));
        }

        _fanout.Offer(open.Seal(partition, from, epoch: 1));
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

        public ScriptedOwner B { get; } = new();

        public IReadOnlyList<NodeId> Others { get; set; } = [];

        public bool IsDeclaredDead(NodeId node) => false;

        public INodeEndpoint Get(NodeId node) => B;
    }
}
