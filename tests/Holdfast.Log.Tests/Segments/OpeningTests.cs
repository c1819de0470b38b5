using System.Diagnostics;
using System.Globalization;
using Holdfast.Log.Segments;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Tests.Segments;

public sealed class OpeningTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private SegmentLogOptions Options => new()
    {
        Directory = Path.Combine(_directory.Path, "log"),
        SegmentBytes = 1024 * 1024,
        MinimumFreeBytes = 0,
        ReserveBytes = 4096,
    };

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_second_opening_is_refused_with_the_directory_and_the_process()
    {
        await using (var log = await OpenAsync(Options))
        {
            var error = await Assert.ThrowsAsync<StoreInUseException>(() => OpenAsync(Options));
            Assert.Equal(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), error.ProcessId);
            Assert.Contains(Options.Directory, error.Message, StringComparison.Ordinal);
            Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
            Assert.NotEqual(0, await LockFromAnotherProcessAsync());
        }

        Assert.Equal(0, await LockFromAnotherProcessAsync());
        await using var again = await OpenAsync(Options);
    }

    [Fact]
    public async Task A_missing_parent_directory_is_named()
    {
        var error = await Assert.ThrowsAsync<StoreUnusableException>(
            () => OpenAsync(Options with { Directory = Path.Combine(_directory.Path, "missing", "log") }));
        Assert.Contains($"The directory {Path.Combine(_directory.Path, "missing")} does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_written_is_named()
    {
        // The system's own read-only directory, because permissions do not stop the superuser.
        var error = await Assert.ThrowsAsync<StoreUnusableException>(() => OpenAsync(Options with { Directory = "/proc/self" }));
        Assert.Contains("The log in /proc/self cannot be opened", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_number_of_partitions_is_refused_and_the_lock_is_given_back()
    {
        await using (var log = await OpenAsync(Options))
        {
            Assert.Equal(16, log.PartitionCount);
        }

        var error = await Assert.ThrowsAsync<StoreUnusableException>(() => OpenAsync(Options with { PartitionCount = 8 }));
        Assert.Contains("was made with 16 partitions and cannot be opened with 8", error.Message, StringComparison.Ordinal);
        await using var again = await OpenAsync(Options);
    }

    [Theory]
    [InlineData("", "is not the description")]
    [InlineData("something else\n", "is not the description")]
    [InlineData("holdfast-log 2\nincarnation x\npartitions 16\nsalt 0\n", "has format version 2")]
    [InlineData("holdfast-log 1\nincarnation x\npartitions many\nsalt 0\n", "is damaged")]
    [InlineData("holdfast-log 1\nholdfast-log 1\n", "is damaged")]
    public async Task A_description_that_makes_no_sense_is_refused(string content, string message)
    {
        Directory.CreateDirectory(Options.Directory);
        await File.WriteAllTextAsync(Path.Combine(Options.Directory, "store"), content, TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<StoreUnusableException>(() => OpenAsync(Options));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Segments_without_their_description_are_not_written_over()
    {
        await using (var log = await OpenAsync(Options))
        {
            await TestBatches.AppendAsync(log, 1, 0);
        }

        File.Delete(Path.Combine(Options.Directory, "store"));
        var error = await Assert.ThrowsAsync<StoreUnusableException>(() => OpenAsync(Options));
        Assert.Contains("holds segments but no file 'store'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_stores_have_two_incarnations_of_short_lower_case_letters()
    {
        await using var first = await OpenAsync(Options);
        await using var second = await OpenAsync(Options with { Directory = Path.Combine(_directory.Path, "other") });
        Assert.NotEqual(first.Incarnation, second.Incarnation);
        Assert.Matches("^[a-z2-9]{10}$", first.Incarnation);
    }

    [Fact]
    public async Task The_reserve_is_made_and_a_closed_log_takes_no_more_room_than_its_data()
    {
        var log = await OpenAsync(Options with { SegmentBytes = 8 * 1024 * 1024 });
        await TestBatches.AppendAsync(log, 100, 0);
        var bytes = log.GetStatistics().Bytes;
        await log.DisposeAsync();
        Assert.Equal(4096, new FileInfo(Path.Combine(Options.Directory, "reserve")).Length);
        Assert.Equal(bytes, new FileInfo(Path.Combine(Options.Directory, "000000000001.segment")).Length);
        Assert.Equal(
            ["000000000001.index", "000000000001.segment", "lock", "reserve", "store"],
            Directory.EnumerateFiles(Options.Directory).Select(f => Path.GetFileName(f)).Order());
    }

    private static Task<SegmentLog> OpenAsync(SegmentLogOptions options) => SegmentLog.OpenAsync(options, TestContext.Current.CancellationToken);

    private async Task<int> LockFromAnotherProcessAsync()
    {
        using var process = Process.Start("flock", ["--nonblock", Path.Combine(Options.Directory, "lock"), "true"]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }
}
