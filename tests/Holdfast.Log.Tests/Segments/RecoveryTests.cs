using Holdfast.Log.Partitions;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Tests.Segments;

public sealed class RecoveryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_that_was_torn_at_any_byte_loses_nothing_that_was_committed(bool cutShort)
    {
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        for (var i = 0; i < 5; i++)
        {
            await TestBatches.AppendAsync(log, 2, 0, 1, 2);
        }

        var start = (int)log.GetStatistics().Bytes;
        await TestBatches.AppendAsync(log, 1, 0, 1, 2);
        var end = (int)log.GetStatistics().Bytes;
        var path = SimulatedLog.NewestSegment(disk);
        var whole = disk[path];
        var batchLength = (end - start) / 3;
        for (var cut = start; cut <= end; cut++)
        {
            var torn = disk.AfterKill();
            torn.Replace(path, cutShort ? whole[..cut] : [.. whole[..cut], .. new byte[whole.Length - cut]]);
            await using var recovered = await SimulatedLog.OpenAsync(torn);
            for (var partition = 0; partition < 3; partition++)
            {
                // The padding behind a batch does not belong to its bytes.
                var written = cut > start + (partition + 1) * batchLength - BatchHeader.Alignment && IsWhole(whole, cut, start + partition * batchLength);
                Assert.Equal(written ? 11 : 10, recovered.CommittedOffset(partition));
                await TestBatches.AppendAsync(recovered, 1, partition);
                Assert.Equal(written ? 12 : 11, (await recovered.ReadToEndAsync(partition)).Offsets.Count);
            }

            Assert.Equal(0, recovered.GetStatistics().DamagedRecords);
        }

        static bool IsWhole(byte[] file, int cut, int position)
            => cut >= position + BatchHeader.Size + BitConverter.ToInt32(file, position + 12);
    }

    [Fact]
    public async Task A_cut_is_logged_with_its_place()
    {
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        await TestBatches.AppendAsync(log, 2, 0);
        var end = (int)log.GetStatistics().Bytes;
        await TestBatches.AppendAsync(log, 2, 0);
        var torn = disk.AfterKill();
        torn.Corrupt(SimulatedLog.NewestSegment(torn), bytes => bytes.AsSpan(end + 100).Clear());
        var lines = new LogLines();
        await using var recovered = await SimulatedLog.OpenAsync(torn, logger: lines);
        Assert.Contains(lines.Lines, l => l.Contains($"cut at 000000000001.segment @ {end}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damage_in_the_middle_after_a_crash_is_kept_as_a_gap_and_not_cut()
    {
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        await TestBatches.AppendAsync(log, 3, 0, 1);
        var start = (int)log.GetStatistics().Bytes;
        await TestBatches.AppendAsync(log, 4, 0);
        await TestBatches.AppendAsync(log, 5, 0, 1);
        foreach (var place in new[] { 3, 30, BatchHeader.Size + 50 })
        {
            var damaged = disk.AfterKill();
            damaged.Corrupt(SimulatedLog.NewestSegment(damaged), bytes => bytes[start + place] ^= 4);
            var lines = new LogLines();
            await using var recovered = await SimulatedLog.OpenAsync(damaged, logger: lines);
            var content = await recovered.ReadToEndAsync(0);
            var gap = Assert.Single(content.Gaps);
            Assert.Equal((3L, 7L, LogGapReason.Damaged, $"000000000001.segment @ {start}"), (gap.FromOffset, gap.ToOffset, gap.Reason, gap.Place));
            Assert.Equal([0, 1, 2, 7, 8, 9, 10, 11], content.Offsets);
            Assert.Equal(8, (await recovered.ReadToEndAsync(1)).Offsets.Count);
            Assert.Equal(4, recovered.GetStatistics().DamagedRecords);
            Assert.Single(lines.Lines, l => l.Contains("Damage", StringComparison.Ordinal));
            var keyed = await recovered.ReadToEndAsync(0, keys: new HashSet<ulong> { 9 });
            Assert.Single(keyed.Gaps);
        }
    }

    [Fact]
    public async Task A_damaged_batch_in_the_last_group_keeps_its_offsets_and_its_neighbours()
    {
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        await TestBatches.AppendAsync(log, 3, 0, 1);
        var start = (int)log.GetStatistics().Bytes;
        await TestBatches.AppendAsync(log, 2, 0, 1);
        var damaged = disk.AfterKill();
        damaged.Corrupt(SimulatedLog.NewestSegment(damaged), bytes => bytes[start + BatchHeader.Size + 40] ^= 1);
        await using var recovered = await SimulatedLog.OpenAsync(damaged);
        Assert.Equal((5L, 5L), (recovered.CommittedOffset(0), recovered.CommittedOffset(1)));
        Assert.Equal(3, (await recovered.ReadToEndAsync(0)).Offsets.Count);
        Assert.Equal(5, (await recovered.ReadToEndAsync(1)).Offsets.Count);
        Assert.Equal(2, recovered.GetStatistics().DamagedRecords);
    }

    [Fact]
    public async Task A_published_payload_that_looks_like_a_batch_is_never_taken_for_one()
    {
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        await TestBatches.AppendAsync(log, 1, 0);
        var path = SimulatedLog.NewestSegment(disk);
        var end = (int)log.GetStatistics().Bytes;
        await TestBatches.AppendAsync(log, 1, 0);
        var genuine = disk[path][end..(int)log.GetStatistics().Bytes];

        // The bytes of the second batch lie elsewhere, as inside a payload: once as they were, once as one would forge them who knows the place.
        const int Elsewhere = 2048;
        Assert.True(BatchHeader.TryRead(genuine, SaltOf(disk), 1, end, out var header));
        var forged = genuine.ToArray();
        (header with { Position = Elsewhere }).WriteTo(forged, Crc32C.StandardSeed);
        foreach (var copy in new[] { genuine, forged })
        {
            var attacked = disk.AfterKill();
            attacked.Corrupt(path, bytes =>
            {
                bytes.AsSpan(end).Clear();
                copy.CopyTo(bytes, Elsewhere);
            });
            await using var recovered = await SimulatedLog.OpenAsync(attacked);
            Assert.Equal(1, recovered.CommittedOffset(0));
        }

        // The same bytes at their own place, with the store's salt, are a batch.
        await using var untouched = await SimulatedLog.OpenAsync(disk.AfterKill());
        Assert.Equal(2, untouched.CommittedOffset(0));
    }

    [Fact]
    public async Task Clean_starts_scan_nothing_and_read_little()
    {
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        for (var i = 0; i < 400; i++)
        {
            await TestBatches.AppendAsync(log, 4, 0, 1, 2, 3);
        }

        await log.DisposeAsync();
        var segments = disk.Files(".segment").Count;
        Assert.InRange(segments, 20, 1000);
        var before = disk.BytesRead;
        await using var again = await SimulatedLog.OpenAsync(disk);
        Assert.InRange((disk.BytesRead - before) / segments, 1, 1024);
        Assert.Equal(1600, again.CommittedOffset(3));
    }

    [Fact]
    public async Task Starting_and_stopping_without_appends_leaves_no_segments()
    {
        var disk = new SimulatedDisk();
        for (var i = 0; i < 3; i++)
        {
            await using var log = await SimulatedLog.OpenAsync(disk);
        }

        Assert.Empty(disk.Files(".segment"));
        for (var i = 0; i < 3; i++)
        {
            await SimulatedLog.OpenAsync(disk);
            disk = disk.AfterKill();
        }

        await using (var log = await SimulatedLog.OpenAsync(disk))
        {
            await TestBatches.AppendAsync(log, 1, 0);
        }

        Assert.Single(disk.Files(".segment"));
        Assert.Single(disk.Files(".index"));
    }

    private static uint SaltOf(SimulatedDisk disk) => StoreMetadata.TryLoad(disk, SimulatedLog.Directory)!.Salt;
}
