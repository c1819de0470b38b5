using Holdfast.Log.Attempts;

namespace Holdfast.Log.Tests.Attempts;

public sealed class AttemptGroupTests
{
    private static readonly AttemptSource Hook = new("p", "hook");

    [Fact]
    public void Attempts_come_back_as_they_were_noted()
    {
        var group = new AttemptGroup();
        var delivered = new Attempt(AttemptKind.Delivered, 1_772_352_000_250, 1_234, 204, "");
        var failed = new Attempt(AttemptKind.Failed, 1_772_352_000_100, 15_000_000, 0, "timed out");
        var refused = new Attempt(AttemptKind.DeadLettered, 1_772_352_900_100, 0, 410, "timed out");
        group.Add(Hook, delivered, [At(3, 9), At(3, 5), At(3, 6), At(3, 7)]);
        group.Add(Hook, failed, [At(3, 8)]);
        group.Add(Hook, refused, [At(3, 8)]);

        var chunk = Assert.Single(group.ToChunks());

        Assert.Equal((Hook, 3, 0L, 5, 9, 0L), (chunk.Source, chunk.Partition, chunk.Bucket, chunk.First, chunk.Last, chunk.LossAtMilliseconds));
        Assert.Equal([(delivered, 5, 8), (delivered, 9, 10), (failed, 8, 9), (refused, 8, 9)], Read(chunk));
    }

    [Fact]
    public void A_request_over_partitions_and_buckets_is_found_in_each()
    {
        var group = new AttemptGroup();
        var attempt = new Attempt(AttemptKind.Delivered, 1, 1, 200, "");
        group.Add(Hook, attempt, [At(0, 4095), At(15, 1L << 40), At(0, 4096)]);

        var chunks = group.ToChunks();

        Assert.Equal([(0, 0L), (0, 1L), (15, 1L << 28)], chunks.Select(chunk => (chunk.Partition, chunk.Bucket)));
        Assert.Equal([4095L, 4096L, 1L << 40], chunks.SelectMany(Read).Select(one => one.From));
    }

    [Fact]
    public void A_lost_range_is_split_by_bucket_and_remembers_when()
    {
        var group = new AttemptGroup();
        group.AddRange(Hook, new Attempt(AttemptKind.Trimmed, 77, 0, 0, ""), 2, 4000, 8200);

        var chunks = group.ToChunks();

        Assert.Equal([(4000L, 4096L), (4096L, 8192L), (8192L, 8200L)], chunks.SelectMany(Read).Select(one => (one.From, one.To)));
        Assert.All(chunks, chunk => Assert.Equal(77, chunk.LossAtMilliseconds));
    }

    [Fact]
    public void Whatever_is_noted_comes_back()
    {
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            var group = new AttemptGroup();
            var expected = new SortedSet<(int Partition, long Offset, long At, string Error)>();
            for (var i = 0; i < 30; i++)
            {
                var error = random.Next(3) == 0 ? $"error {random.Next(3)}" : "";
                var attempt = new Attempt((AttemptKind)random.Next(5), random.Next(1_000_000), random.Next(), random.Next(600), error);
                long[] places = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => At(random.Next(2), random.Next(9_000))).Distinct()];
                expected.UnionWith(places.Select(place => ((int)(place >> 48), place & ((1L << 48) - 1), attempt.StartedAtMilliseconds, error)));
                group.Add(Hook, attempt, places);
            }

            var read = new SortedSet<(int, long, long, string)>();
            foreach (var chunk in group.ToChunks())
            {
                foreach (var (attempt, from, to) in Read(chunk))
                {
                    for (var offset = from; offset < to; offset++)
                    {
                        Assert.InRange(offset - chunk.BaseOffset, chunk.First, chunk.Last);
                        read.Add((chunk.Partition, offset, attempt.StartedAtMilliseconds, attempt.Error));
                    }
                }
            }

            Assert.Equal(expected, read);
        }
    }

    [Fact]
    public void Damage_is_an_error_and_not_an_endless_loop()
    {
        var group = new AttemptGroup();
        group.Add(Hook, new Attempt(AttemptKind.Failed, 1, 1, 500, "no"), [At(0, 1), At(0, 3)]);
        var chunk = group.ToChunks()[0];
        for (var length = 1; length < chunk.Body.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Read(chunk with { Body = chunk.Body[..length] }));
        }
    }

    private static long At(int partition, long offset) => AttemptJournal.PlaceOf(partition, offset);

    private static List<(Attempt Attempt, long From, long To)> Read(AttemptChunk chunk)
    {
        var read = new List<(Attempt, long, long)>();
        AttemptChunkReader.Read(chunk, (in Attempt attempt, long from, long to) => read.Add((attempt, from, to)));
        return read;
    }
}
