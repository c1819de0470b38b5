using Holdfast.Log.Segments;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Tests.Segments;

public sealed class RestoredDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private SegmentLogOptions Options => SimulatedLog.Options with { Directory = _directory.Path };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_new_life_begins_where_the_backup_ends_and_every_record_stays_in_its_own()
    {
        var first = await AppendAsync(3);
        var second = (await RestoredDirectory.BeginNewLifeAsync(Options, Cancellation)).Current;
        Assert.Equal(second, await AppendAsync(2));
        var third = (await RestoredDirectory.BeginNewLifeAsync(Options, Cancellation)).Current;

        await using var log = await SegmentLog.OpenAsync(Options, Cancellation);
        Assert.Equal(3, new[] { first, second, third }.Distinct().Count());
        Assert.Equal(third, log.Incarnation);
        Assert.Equal([first, first, first, second, second, third], Enumerable.Range(0, 6).Select(offset => log.Incarnations.Of(1, offset)));
        Assert.Equal(third, log.Incarnations.Of(2, 0));
        using var read = await log.ReadAsync(1, 0, null, int.MaxValue, Cancellation);
        Assert.Equal(5, read.NextOffset);
    }

    [Fact]
    public async Task A_store_that_is_served_is_refused()
    {
        await using var log = await SegmentLog.OpenAsync(Options, Cancellation);
        await Assert.ThrowsAsync<StoreInUseException>(() => RestoredDirectory.BeginNewLifeAsync(Options, Cancellation));
    }

    [Theory]
    [InlineData("earlier x")]
    [InlineData("earlier x 1,2,3")]
    [InlineData("earlier x 1,2,3,-4")]
    [InlineData("earlier x 1,2,3,4 5")]
    public async Task A_damaged_life_is_said(string line)
    {
        await AppendAsync(1);
        await File.AppendAllTextAsync(System.IO.Path.Combine(_directory.Path, SegmentNames.Metadata), line + "\n", Cancellation);

        await Assert.ThrowsAsync<StoreUnusableException>(() => SegmentLog.OpenAsync(Options, Cancellation));
    }

    /// <returns>The life in which the batches were stored.</returns>
    private async Task<string> AppendAsync(int batches)
    {
        await using var log = await SegmentLog.OpenAsync(Options, Cancellation);
        for (var batch = 0; batch < batches; batch++)
        {
            await TestBatches.AppendAsync(log, 1, [1]);
        }

        return log.Incarnation;
    }
}
