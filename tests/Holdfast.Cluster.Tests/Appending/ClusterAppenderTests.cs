using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Tests.Appending;

public sealed class ClusterAppenderTests : IAsyncDisposable
{
    private readonly OwnerTable _owners = new(2);
    private readonly Dictionary<NodeId, ScriptedOwner> _nodes = new() { [Names.A] = new(), [Names.B] = new(), [Names.C] = new() };
    private readonly TaskCompletionSource _fenced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Publisher _publisher = new();
    private readonly ClusterAppender _appender;

    public ClusterAppenderTests()
        => _appender = new ClusterAppender(_owners, node => _nodes[node], Names.A, () => _fenced.TrySetResult(), static exception => Assert.Fail(exception.ToString()), TimeProvider.System);

    public ValueTask DisposeAsync() => _appender.DisposeAsync();

    [Fact]
    public async Task Records_go_to_the_owner_and_publishers_hear_where_they_lie()
    {
        Own(Names.B, 1);
        Append("a", 1);
        var asked = await _nodes[Names.B].NextAsync();
        Assert.Equal((0, 1L, 1, Names.A), (asked.Batch.Partition, asked.Batch.Number, asked.Batch.Count, asked.Request.From));
        asked.Say(ForwardedStatus.Stored, 42);
        await _publisher.HearAsync(1);
        Assert.Equal((1UL, 42L, AppendStatus.Appended), Assert.Single(_publisher.Heard));
    }

    [Fact]
    public async Task A_request_that_was_not_stored_is_repeated_to_the_next_owner_with_the_same_number()
    {
        Own(Names.B, 1);
        Append("a", 1);
        var first = await _nodes[Names.B].NextAsync();
        Append("b", 2);
        Own(Names.C, 2);
        first.Say(ForwardedStatus.NotOwner);
        var second = await _nodes[Names.C].NextAsync();
        Assert.Equal((first.Batch.Number, first.Batch.Records), (second.Batch.Number, second.Batch.Records));
        second.Say(ForwardedStatus.Stored, 5);
        var next = await _nodes[Names.C].NextAsync();
        Assert.Equal(2, next.Batch.Number);
        next.Say(ForwardedStatus.Stored, 7);
        await _publisher.HearAsync(2);
        Assert.Equal([(1UL, 5L, AppendStatus.Appended), (2UL, 7L, AppendStatus.Appended)], _publisher.Heard);
    }

    [Fact]
    public async Task A_request_without_an_answer_is_repeated_to_the_same_owner()
    {
        Own(Names.B, 1);
        Append("a", 1);
        var first = await _nodes[Names.B].NextAsync();
        first.Fail(Names.B);
        var again = await _nodes[Names.B].NextAsync();
        Assert.Equal((first.Batch.Number, first.Batch.Records), (again.Batch.Number, again.Batch.Records));
        again.Say(ForwardedStatus.Stored);
    }

    [Fact]
    public async Task A_dead_owner_is_given_up_as_soon_as_another_owns_what_it_was_sent()
    {
        Own(Names.B, 1);
        Append("a", 1);
        await _nodes[Names.B].NextAsync();
        Own(Names.C, 2);
        (await _nodes[Names.C].NextAsync()).Say(ForwardedStatus.Stored, 0);
        await _publisher.HearAsync(1);
        Assert.Equal(AppendStatus.Appended, Assert.Single(_publisher.Heard).Status);
    }

    [Fact]
    public async Task A_full_database_is_told_and_the_next_request_goes_on()
    {
        Own(Names.B, 1);
        Append("a", 1);
        (await _nodes[Names.B].NextAsync()).Say(ForwardedStatus.Full);
        await _publisher.HearAsync(1);
        Append("b", 2);
        var next = await _nodes[Names.B].NextAsync();
        Assert.Equal(2, next.Batch.Number);
        next.Say(ForwardedStatus.Stored, 1);
        await _publisher.HearAsync(1);
        Assert.Equal([(1UL, -1L, AppendStatus.Full), (2UL, 1L, AppendStatus.Appended)], _publisher.Heard);
    }

    [Fact]
    public async Task A_fenced_sender_is_told_and_its_publishers_hear_nothing()
    {
        Own(Names.B, 1);
        Append("a", 1);
        (await _nodes[Names.B].NextAsync()).Say(ForwardedStatus.SenderFenced);
        await _fenced.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Empty(_publisher.Heard);
    }

    [Fact]
    public async Task A_marker_hears_after_what_was_before_it_and_is_not_sent()
    {
        Own(Names.B, 1);
        Append("a", 1);
        var asked = await _nodes[Names.B].NextAsync();
        _appender.AppendMarker(0, _publisher, 2);
        asked.Say(ForwardedStatus.Stored, 3);
        await _publisher.HearAsync(2);
        Assert.Equal([(1UL, 3L, AppendStatus.Appended), (2UL, -1L, AppendStatus.Appended)], _publisher.Heard);
    }

    [Fact]
    public async Task Who_is_refused_as_busy_may_come_again_when_the_records_are_taken()
    {
        var record = Publisher.Record(new string('x', 64 * 1024));
        while (_appender.TryAppend(0, ref record, null, 0) == AppendAdmission.Accepted)
        {
        }

        var room = _appender.WhenRoomAsync();
        Assert.False(room.IsCompleted);
        Own(Names.B, 1);
        await room.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        (await _nodes[Names.B].NextAsync()).Say(ForwardedStatus.Stored);
    }

    [Fact]
    public async Task What_gathered_behind_a_request_goes_to_the_next_owner_when_the_last_one_has_answered()
    {
        Append("a", 1, partition: 0);
        Append("b", 2, partition: 1);
        _owners.Hear(Names.B, [new OwnedPartition(0, 1, 0), new OwnedPartition(1, 1, 0)]);
        var first = await _nodes[Names.B].NextAsync();
        Assert.Equal(2, first.Request.Batches.Length);
        Append("c", 3, partition: 0);
        _owners.Hear(Names.B, [new OwnedPartition(1, 1, 0)]);
        Own(Names.C, 2);

        first.Answer.SetResult(new AppendAnswer([new ForwardedOutcome(ForwardedStatus.Stored, [0]), new ForwardedOutcome(ForwardedStatus.Stored, [0])]));

        (await _nodes[Names.C].NextAsync()).Say(ForwardedStatus.Stored, 1);
        await _publisher.HearAsync(3);
        Assert.Equal([1UL, 2UL, 3UL], _publisher.Heard.Select(heard => heard.Token).Order());
    }

    private void Own(NodeId owner, long epoch) => _owners.Hear(owner, [new OwnedPartition(0, epoch, 0)]);

    private void Append(string payload, ulong token, int partition = 0)
    {
        var record = Publisher.Record(payload);
        Assert.Equal(AppendAdmission.Accepted, _appender.TryAppend(partition, ref record, _publisher, token));
    }
}
