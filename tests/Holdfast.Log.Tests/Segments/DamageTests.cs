using Holdfast.Log.Partitions;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Tests.Segments;

public sealed class DamageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Flipped_bits_are_found_and_reported_with_their_place_and_nothing_else_is_lost(int seed)
    {
        var random = new Random(seed);
        var original = await FilledAsync(random);
        var places = await BatchesAsync(original);
        for (var round = 0; round < 40; round++)
        {
            var disk = original.AfterKill();
            var expected = new HashSet<BatchPlace>();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                var hit = places[random.Next(places.Count)];
                expected.Add(hit);
                disk.Corrupt(hit.Path, bytes => bytes[hit.Position + random.Next(hit.Length)] ^= (byte)(1 << random.Next(8)));
            }

            await AssertOnlyTheseAreMissingAsync(disk, expected, places);
        }
    }

    [Fact]
    public async Task A_sector_that_cannot_be_read_is_damage()
    {
        var disk = await FilledAsync(new Random(5));
        await using var log = await SimulatedLog.OpenAsync(disk);
        disk.UnreadableFile = disk.Files(".segment")[2];
        var content = await log.ReadToEndAsync(0);
        Assert.NotEmpty(content.Gaps);
        Assert.All(content.Gaps, g => Assert.StartsWith("000000000003.segment @ ", g.Place, StringComparison.Ordinal));
        Assert.Equal(log.CommittedOffset(0), content.Offsets.Count + content.Gaps.Sum(g => g.ToOffset - g.FromOffset));
    }

    [Fact]
    public async Task A_segment_that_somebody_removed_is_a_gap()
    {
        var disk = await FilledAsync(new Random(6));
        await using var log = await SimulatedLog.OpenAsync(disk);
        disk.Delete(disk.Files(".segment")[1]);
        var running = await log.ReadToEndAsync(1);
        await log.DisposeAsync();
        await using var again = await SimulatedLog.OpenAsync(disk);
        var restarted = await again.ReadToEndAsync(1);
        Assert.Single(running.Gaps);
        Assert.Equal(LogGapReason.Damaged, running.Gaps[0].Reason);
        Assert.Equal(running.Offsets, restarted.Offsets);
        Assert.Equal(running.Gaps.Select(g => (g.FromOffset, g.ToOffset)), restarted.Gaps.Select(g => (g.FromOffset, g.ToOffset)));
    }

    [Fact]
    public async Task Lost_and_damaged_indexes_are_made_again()
    {
        var original = await FilledAsync(new Random(7));
        var random = new Random(8);
        for (var round = 0; round < 20; round++)
        {
            var disk = original.AfterKill();
            foreach (var path in disk.Files(".index").Where(_ => random.Next(2) == 0))
            {
                if (random.Next(2) == 0)
                {
                    disk.Delete(path);
                }
                else
                {
                    disk.Corrupt(path, bytes => bytes[random.Next(bytes.Length)] ^= 32);
                }
            }

            await using (var log = await SimulatedLog.OpenAsync(disk))
            {
                for (var partition = 0; partition < 4; partition++)
                {
                    var content = await log.ReadToEndAsync(partition);
                    Assert.Empty(content.Gaps);
                    Assert.Equal(log.CommittedOffset(partition), content.Offsets.Count);
                }

                Assert.Equal(0, log.GetStatistics().DamagedRecords);
            }

            Assert.Equal(original.Files(".index"), disk.Files(".index"));
        }
    }

    [Fact]
    public async Task Damage_is_counted_and_logged_once()
    {
        var disk = await FilledAsync(new Random(9));
        var places = await BatchesAsync(disk);
        var hit = places.First(p => p.Partition == 2);
        disk.Corrupt(hit.Path, bytes => bytes[hit.Position + hit.Length - 1] ^= 1);
        var lines = new LogLines();
        await using var log = await SimulatedLog.OpenAsync(disk, logger: lines);
        await log.ReadToEndAsync(2);
        await log.ReadToEndAsync(2);
        Assert.Equal(hit.To - hit.From, log.GetStatistics().DamagedRecords);
        Assert.Single(lines.Lines, l => l.Contains($"{hit.Name} @ {hit.Position}", StringComparison.Ordinal));
    }

    private static async Task AssertOnlyTheseAreMissingAsync(SimulatedDisk disk, HashSet<BatchPlace> expected, List<BatchPlace> places)
    {
        await using var log = await SimulatedLog.OpenAsync(disk);
        for (var partition = 0; partition < 4; partition++)
        {
            var lost = expected.Where(b => b.Partition == partition).OrderBy(b => b.From).ToArray();
            var content = await log.ReadToEndAsync(partition, maximumBytes: 2048);
            Assert.Equal(places.Where(b => b.Partition == partition).Except(lost).Select(b => (b.From, b.To)), content.Batches);
            Assert.Equal(lost.Sum(b => b.To - b.From), content.Gaps.Sum(g => g.ToOffset - g.FromOffset));
            foreach (var gap in content.Gaps)
            {
                Assert.Contains(gap.Place, lost.Where(b => b.From == gap.FromOffset).Select(b => $"{b.Name} @ {b.Position}"));
                Assert.Equal(LogGapReason.Damaged, gap.Reason);
            }
        }

        Assert.Equal(expected.Sum(b => b.To - b.From), log.GetStatistics().DamagedRecords);
    }

    private static async Task<SimulatedDisk> FilledAsync(Random random)
    {
        var disk = new SimulatedDisk();
        await using var log = await SimulatedLog.OpenAsync(disk);
        for (var i = 0; i < 100; i++)
        {
            var group = Enumerable.Range(0, 4).Where(_ => random.Next(2) == 0)
                .Select(p => TestBatches.Make(p, log.CommittedOffset(p), random.Next(1, 5), random.Next(1, 400))).ToArray();
            await TestBatches.AppendAsync(log, group);
        }

        return disk;
    }

    /// <summary>Finds the batches without the code under test: by what a header looks like.</summary>
    private static Task<List<BatchPlace>> BatchesAsync(SimulatedDisk disk)
    {
        var found = new List<BatchPlace>();
        foreach (var path in disk.Files(".segment"))
        {
            var bytes = disk[path];
            for (var position = 0; position + 64 <= bytes.Length; position += 8)
            {
                if (bytes.AsSpan(position, 4).SequenceEqual("HFB1"u8) && BitConverter.ToInt32(bytes, position + 20) == position)
                {
                    var from = BitConverter.ToInt64(bytes, position + 24);
                    found.Add(new BatchPlace(
                        path, position, 64 + BitConverter.ToInt32(bytes, position + 12), BitConverter.ToUInt16(bytes, position + 52), from,
                        from + BitConverter.ToInt32(bytes, position + 48)));
                }
            }
        }

        Assert.InRange(found.Count, 150, 250);
        return Task.FromResult(found);
    }

    private sealed record BatchPlace(string Path, int Position, int Length, int Partition, long From, long To)
    {
        public string Name => System.IO.Path.GetFileName(Path);
    }
}
