using Holdfast.Broker.Connections;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Broker.Tests.Sessions;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Connections;

public sealed class InboundBatchTests : ICommitObserver, IDisposable
{
    private readonly BrokerMetrics _metrics = new();
    private readonly List<AppendStatus> _answers = [];

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public void A_batch_that_found_no_room_in_the_middle_goes_on_there_and_is_answered_when_its_last_event_is_committed()
    {
        var appender = new CrampedAppender();
        var services = SessionServicesFactory.Create(_metrics);
        services.Appender = appender;
        var packet = new PublishPacket { Topic = "devices/d/events"u8, Payload = BatchBytes.Of("s", 1, Enumerable.Range(1, 5).Select(number => ("a", $"{number}"))) };
        var batch = new InboundBatch(services, this, 7, count: 5);

        foreach (var (room, expected) in new[] { (2, AppendAdmission.Busy), (0, AppendAdmission.Busy), (2, AppendAdmission.Busy), (9, AppendAdmission.Accepted) })
        {
            appender.Room = room;
            Assert.Equal(expected, batch.Append(packet, new PublishRecord { Product = "p"u8, Publisher = "d"u8 }, partition: 0, answeredAt: 0));
            Assert.Empty(_answers);
            appender.Commit(AppendStatus.Appended, butLast: expected == AppendAdmission.Accepted ? 1 : 0);
        }

        Assert.Equal([1UL, 2, 3, 4, 5], appender.Sequences);
        Assert.Empty(_answers);
        appender.Commit(AppendStatus.Appended);
        Assert.Equal([AppendStatus.Appended], _answers);
    }

    void ICommitObserver.OnCompleted(ulong token, int partition, long offset, AppendStatus status)
    {
        Assert.Equal(7UL, token);
        _answers.Add(status);
    }

    /// <summary>Has room for as many records as a test says.</summary>
    private sealed class CrampedAppender : IRecordAppender
    {
        private readonly Queue<ICommitObserver> _pending = new();

        public int Room { get; set; }

        public List<ulong> Sequences { get; } = [];

        public TimeSpan OldestPendingAge => TimeSpan.Zero;

        public long Groups => 0;

        public AppendAdmission TryAppend(int partition, ref PublishRecord record, ICommitObserver? observer, ulong token, long answeredAt = long.MaxValue)
        {
            if (Room-- <= 0)
            {
                return AppendAdmission.Busy;
            }

            Sequences.Add(record.Sequence);
            _pending.Enqueue(observer!);
            return AppendAdmission.Accepted;
        }

        public AppendAdmission TryAppend(int partition, in SessionRecord record, ICommitObserver? observer, ulong token) => throw new NotSupportedException();

        public void AppendMarker(int partition, ICommitObserver observer, ulong token) => throw new NotSupportedException();

        public Task WhenRoomAsync() => Task.CompletedTask;

        public void Commit(AppendStatus status, int butLast = 0)
        {
            while (_pending.Count > butLast)
            {
                _pending.Dequeue().OnCompleted(0, 0, 0, status);
            }
        }
    }
}
