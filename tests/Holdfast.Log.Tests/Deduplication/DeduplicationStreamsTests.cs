using System.Text;
using Holdfast.Log.Deduplication;
using Holdfast.Log.Records;
using Holdfast.Log.State;

namespace Holdfast.Log.Tests.Deduplication;

public sealed class DeduplicationStreamsTests
{
    [Theory]
    [InlineData("q", "devices/d/events/e", "s")]
    [InlineData("p", "devices/c/events/e", "s")]
    [InlineData("p", "devices/d/events/e", "t")]
    public void A_publisher_is_product_device_and_stream(string product, string topic, string stream)
    {
        var streams = new DeduplicationStreams(0);
        Assert.Equal(SequenceStatus.New, streams.Add(Record("p", "devices/d/events/e", "s", 1)));
        Assert.Equal(SequenceStatus.Duplicate, streams.Add(Record("p", "devices/d/events/other", "s", 1)));
        Assert.Equal(SequenceStatus.New, streams.Add(Record(product, topic, stream, 1)));
    }

    [Fact]
    public void Names_do_not_run_into_each_other()
    {
        var streams = new DeduplicationStreams(0);
        Assert.Equal(SequenceStatus.New, streams.Add(Record("p", "devices/ab/x", "c", 1)));
        Assert.Equal(SequenceStatus.New, streams.Add(Record("p", "devices/a/x", "bc", 1)));
        Assert.Equal(SequenceStatus.New, streams.Add(Record("pa", "devices/b/x", "c", 1)));
    }

    [Theory]
    [InlineData("other/topic", "s")]
    [InlineData("devices/d", "s")]
    [InlineData("devices/d/events/e", "")]
    public void Without_a_device_or_a_stream_everything_is_new(string topic, string stream)
    {
        var streams = new DeduplicationStreams(0);
        Assert.Equal(SequenceStatus.New, streams.Add(Record("p", topic, stream, 1)));
        Assert.Equal(SequenceStatus.New, streams.Add(Record("p", topic, stream, 1)));
        Assert.Equal(0, streams.Count);
    }

    [Fact]
    public void What_is_removed_is_new_again_and_what_was_stored_as_a_possible_duplicate_is_left_alone()
    {
        var streams = new DeduplicationStreams(0);
        streams.Add(Record("p", "devices/d/x", "s", 1));
        streams.Remove(Record("p", "devices/d/x", "s", 1) with { PossibleDuplicate = true });
        Assert.Equal(SequenceStatus.Duplicate, streams.Add(Record("p", "devices/d/x", "s", 1)));
        streams.Remove(Record("p", "devices/d/x", "s", 1));
        Assert.Equal(SequenceStatus.New, streams.Add(Record("p", "devices/d/x", "s", 1)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Changes_of_every_checkpoint_make_the_same_set_again(int seed)
    {
        var random = new Random(seed);
        var streams = new DeduplicationStreams(3);
        var stored = new Dictionary<string, StoredStream>();
        for (var step = 0; step < 2000; step++)
        {
            streams.Add(Record("p", $"devices/{random.Next(20)}/x", $"s{random.Next(3)}", (ulong)random.Next(500)));
            if (random.Next(20) == 0)
            {
                var taken = streams.TakeChanges();
                if (random.Next(3) == 0)
                {
                    streams.PutBack(taken);
                    continue;
                }

                foreach (var stream in taken)
                {
                    Assert.Equal(3, stream.Partition);
                    stored[Convert.ToHexString(stream.Key)] = stream;
                }
            }
        }

        foreach (var stream in streams.TakeChanges())
        {
            stored[Convert.ToHexString(stream.Key)] = stream;
        }

        Assert.Empty(streams.TakeChanges());
        var loaded = new DeduplicationStreams(3);
        foreach (var stream in stored.Values)
        {
            loaded.Load(stream);
        }

        Assert.Equal(streams.Count, loaded.Count);
        for (var device = 0; device < 20; device++)
        {
            for (ulong sequence = 0; sequence < 500; sequence++)
            {
                var record = Record("p", $"devices/{device}/x", "s0", sequence);
                Assert.Equal(streams.Add(record), loaded.Add(record));
            }
        }
    }

    [Fact]
    public void The_streams_unused_for_longest_are_forgotten_at_a_checkpoint_and_removed_from_the_store()
    {
        var streams = new DeduplicationStreams(0);
        for (var index = 0; index <= DeduplicationStreams.MaximumStreams; index++)
        {
            var record = Record("p", "devices/d/x", $"s{index}", 1);
            record.ReceivedAtMilliseconds = 1000 + index;
            streams.Add(record);
        }

        var changes = streams.TakeChanges();
        Assert.InRange(streams.Count, DeduplicationStreams.MaximumStreams / 2, DeduplicationStreams.MaximumStreams);
        Assert.Equal(DeduplicationStreams.MaximumStreams + 1 - streams.Count, changes.Count(change => change.Ranges.Length == 0));
        Assert.Equal(SequenceStatus.New, streams.Add(Record("p", "devices/d/x", "s0", 1)));
        Assert.Equal(SequenceStatus.Duplicate, streams.Add(Record("p", "devices/d/x", $"s{DeduplicationStreams.MaximumStreams}", 1)));
    }

    private static PublishRecord Record(string product, string topic, string stream, ulong sequence) => new()
    {
        Product = Encoding.UTF8.GetBytes(product),
        Topic = Encoding.UTF8.GetBytes(topic),
        Stream = Encoding.UTF8.GetBytes(stream),
        Sequence = sequence,
    };
}
