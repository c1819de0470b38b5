using System.Text;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Reading;
using Holdfast.Broker.Topics;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Log.TestKit;

namespace Holdfast.Broker.Tests.Reading;

public sealed class EventReaderTests
{
    private const int Partitions = 4;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Stopping_anywhere_and_going_on_from_the_cursor_gives_every_event_once_in_order(int seed)
    {
        var random = new Random(seed);
        var log = new MemoryPartitionLog(Partitions);
        var feed = new SteppedFeed(log);
        var expected = new List<string>();
        var received = new List<(int Partition, string Payload)>();
        var cursor = Start(log).ToString();
        var published = 0;
        while (published < 600 || received.Count < expected.Count)
        {
            for (var groups = published < 600 ? random.Next(3) : 0; groups > 0; groups--)
            {
                published = await AppendAsync(log, random, published, expected);
            }

            feed.AnnounceSome(random, all: published >= 600);
            Assert.Equal(EventCursorStatus.Valid, EventCursor.TryParse(cursor, log, out var parsed));
            using var reader = new EventReader(log, feed, Scope(), parsed!, random.Next(1, 500));
            for (var steps = random.Next(12); steps > 0 && await reader.LoadAsync(CancellationToken.None); steps--)
            {
                while (steps > 0 && reader.MoveNext())
                {
                    Assert.True(reader.Current.Offset < feed.AnnouncedOffset(reader.Current.Partition));
                    received.Add((reader.Current.Partition, Encoding.ASCII.GetString(PublishRecord.Read(reader.Current).Payload)));
                    cursor = reader.Cursor.ToString();
                    steps--;
                }

                cursor = reader.Cursor.ToString();
            }
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), received.Select(r => r.Payload).Order(StringComparer.Ordinal));
        Assert.All(received.GroupBy(r => r.Partition), partition => Assert.Equal(partition.Select(r => r.Payload).Order(StringComparer.Ordinal), partition.Select(r => r.Payload)));
    }

    [Fact]
    public async Task Partitions_take_turns()
    {
        var log = new MemoryPartitionLog(Partitions);
        var feed = new SteppedFeed(log);
        for (var i = 0; i < 5; i++)
        {
            await AppendToAsync(log, Enumerable.Range(0, Partitions).Select(p => (p, $"{i}")));
        }

        feed.AnnounceSome(new Random(1), all: true);
        using var reader = new EventReader(log, feed, Scope(), Start(log), readBytes: 1);
        var order = new List<int>();
        while (await reader.LoadAsync(CancellationToken.None))
        {
            while (reader.MoveNext())
            {
                order.Add(reader.Current.Partition);
            }
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(i => i % Partitions), order);
    }

    [Fact]
    public async Task Waiting_ends_with_an_announcement_in_a_partition_that_matters()
    {
        var log = new MemoryPartitionLog(Partitions);
        var feed = new SteppedFeed(log);
        using var reader = new EventReader(log, feed, Scope(), Start(log), readBytes: 1);
        var waiting = reader.WaitAsync(CancellationToken.None);
        Assert.False(waiting.IsCompleted);

        await AppendToAsync(log, [(2, "x")]);
        Assert.False(reader.HasMore);
        feed.AnnounceSome(new Random(1), all: true);

        await waiting.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.True(reader.HasMore);
    }

    private static EventScope Scope()
    {
        Assert.True(TopicFilter.TryParse("wanted/#", out var filter, out _));
        return new EventScope("default", filter, Partitions);
    }

    private static EventCursor Start(IPartitionLog log) => EventCursor.Create(log, Scope(), _ => 0);

    private static async Task<int> AppendAsync(MemoryPartitionLog log, Random random, int published, List<string> expected)
    {
        var group = new List<(int, string)>();
        foreach (var partition in Enumerable.Range(0, Partitions).Where(_ => random.Next(2) == 0))
        {
            for (var count = random.Next(1, 6); count > 0; count--)
            {
                var payload = $"{published++:D6}{(random.Next(3) == 0 ? "-" : "")}";
                group.Add((partition, payload));
                if (!payload.EndsWith('-'))
                {
                    expected.Add(payload);
                }
            }
        }

        await AppendToAsync(log, group);
        return published;
    }

    private static async Task AppendToAsync(MemoryPartitionLog log, IEnumerable<(int Partition, string Payload)> records)
    {
        var group = records.GroupBy(r => r.Partition).Select(partition =>
        {
            using var open = new OpenBatch(1024);
            foreach (var (_, payload) in partition)
            {
                var record = new PublishRecord
                {
                    Product = "default"u8,
                    Publisher = "test"u8,
                    Topic = payload.EndsWith('-') ? "unwanted/t"u8 : "wanted/t"u8,
                    Payload = Encoding.ASCII.GetBytes(payload),
                };
                record.WriteTo(open.Reserve(record.Size, 1));
            }

            return open.Seal(partition.Key, log.CommittedOffset(partition.Key), epoch: 1);
        }).ToArray();
        await TestBatches.AppendAsync(log, group);
    }

    /// <summary>Announces what is committed, or only a part of it.</summary>
    private sealed class SteppedFeed(MemoryPartitionLog log) : ICommitFeed
    {
        private readonly long[] _announced = new long[Partitions];
        private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long AnnouncedOffset(int partition) => _announced[partition];

        public async Task WaitAsync(ReadOnlyMemory<long> positions, CancellationToken cancellationToken)
        {
            while (!_announced.Zip(positions.ToArray()).Any(p => p.First > p.Second))
            {
                await _news.Task.WaitAsync(cancellationToken);
            }
        }

        public void AnnounceSome(Random random, bool all)
        {
            for (var partition = 0; partition < Partitions; partition++)
            {
                var committed = log.CommittedOffset(partition);
                _announced[partition] = all ? committed : random.NextInt64(_announced[partition], committed + 1);
            }

            var news = _news;
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
            news.SetResult();
        }
    }
}
