using Holdfast.Cluster.Appending;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Cluster.Tests.Appending;

public sealed class PartitionOutboxTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Publisher _publisher = new();
    private readonly PartitionOutbox _outbox;

    public PartitionOutboxTests() => _outbox = new PartitionOutbox(3, 200, _time);

    public void Dispose() => _outbox.Dispose();

    [Fact]
    public void A_sealed_request_keeps_its_number_and_its_bytes_until_it_is_confirmed()
    {
        Append("a", 1);
        var sent = _outbox.TryTake()!;
        Append("b", 2);
        Assert.Null(_outbox.TryTake());

        _outbox.PutBack();
        var again = _outbox.TryTake()!;
        Assert.Equal((1L, 1, sent.Records), (again.Number, again.Count, again.Records));

        _outbox.Confirm();
        var next = _outbox.TryTake()!;
        Assert.Equal((2L, 1), (next.Number, next.Count));
        Assert.NotEqual(sent.Records, next.Records);
    }

    [Fact]
    public void Publishers_hear_in_their_order_where_their_records_lie()
    {
        Append("a", 1);
        _outbox.AppendMarker(_publisher, 2);
        Append("b", 3);
        _outbox.TryTake()!.Complete(AppendStatus.Appended, [7, 8]);
        Assert.Equal([(1UL, 7L, AppendStatus.Appended), (2UL, -1L, AppendStatus.Appended), (3UL, 8L, AppendStatus.Appended)], _publisher.Heard);
    }

    [Fact]
    public void Places_that_are_not_known_and_refusals_have_no_offset()
    {
        Append("a", 1);
        var request = _outbox.TryTake()!;
        request.Complete(AppendStatus.Appended, null);
        request.Complete(AppendStatus.Full, null);
        Assert.Equal([(1UL, -1L, AppendStatus.Appended), (1UL, -1L, AppendStatus.Full)], _publisher.Heard);
    }

    [Fact]
    public void A_marker_with_nothing_before_it_waits_for_nothing()
        => Assert.False(_outbox.AppendMarker(_publisher, 1));

    [Fact]
    public void A_marker_behind_a_request_makes_one_without_records_and_without_a_number()
    {
        Append("a", 1);
        _outbox.TryTake();
        Assert.True(_outbox.AppendMarker(_publisher, 2));
        _outbox.Confirm();
        var marker = _outbox.TryTake()!;
        Assert.Equal((1L, 0), (marker.Number, marker.Count));
        _outbox.Confirm();
        Append("b", 3);
        Assert.Equal(2, _outbox.TryTake()!.Number);
    }

    [Fact]
    public void It_is_busy_when_it_is_full_and_free_when_its_records_are_taken()
    {
        while (!_outbox.IsFull)
        {
            Append("0123456789", 1);
        }

        var record = Publisher.Record("late");
        Assert.Equal(AppendAdmission.Busy, _outbox.TryAppend(record, _publisher, 2));
        _outbox.TryTake();
        Assert.Equal(AppendAdmission.Accepted, _outbox.TryAppend(record, _publisher, 2));
    }

    [Fact]
    public void The_oldest_append_is_the_one_that_is_on_its_way()
    {
        Assert.Equal(0, _outbox.OldestSince);
        _time.Advance(TimeSpan.FromSeconds(1));
        var first = _time.GetTimestamp();
        Append("a", 1);
        _outbox.TryTake();
        _time.Advance(TimeSpan.FromSeconds(1));
        var second = _time.GetTimestamp();
        Append("b", 2);
        Assert.Equal(first, _outbox.OldestSince);
        _outbox.Confirm();
        Assert.Equal(second, _outbox.OldestSince);
    }

    private void Append(string payload, ulong token) => Assert.Equal(AppendAdmission.Accepted, _outbox.TryAppend(Publisher.Record(payload), _publisher, token));
}
