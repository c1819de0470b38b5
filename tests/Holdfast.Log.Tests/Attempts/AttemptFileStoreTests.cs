using Holdfast.Log.Attempts;
using Holdfast.Log.Attempts.Files;
using Holdfast.Log.TestKit.Attempts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Log.Tests.Attempts;

public sealed class AttemptFileStoreTests : AttemptStoreContract
{
    private static readonly AttemptSource Hook = new("p", "hook");
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("holdfast-attempts-");

    /// <summary>Small, so that files are sealed soon.</summary>
    private AttemptFileLimits _limits = new(MaximumBytes: 1000, MaximumChunks: 1000);

    [Fact]
    public async Task Sealed_files_are_searched_too_and_their_indexes_are_made_anew_when_they_are_gone()
    {
        await FillAsync(files: 4);
        Assert.Equal(4, Enumerable.Range(0, 4).Count(number => File.Exists(IndexOf(number + 1))));
        Assert.Equal(["0", "1", "2", "3", "last"], await TextsAsync());

        await Store.DisposeAsync();
        File.Delete(IndexOf(2));
        await File.WriteAllBytesAsync(IndexOf(3), [1, 2, 3], Cancellation);
        await ReopenAsync();

        Assert.Equal(["0", "1", "2", "3", "last"], await TextsAsync());
    }

    [Fact]
    public async Task A_torn_end_is_cut_and_written_over()
    {
        _limits = AttemptFileLimits.Default;
        await ReopenAsync();
        await Store.AppendAsync([Chunk(Hook, 0, 2, 0, 0, "whole")], isFlushed: true);
        await Store.AppendAsync([Chunk(Hook, 0, 2, 0, 0, "torn")], isFlushed: true);
        await Store.DisposeAsync();
        var path = Directory.GetFiles(_directory.FullName, "*.attempts").Single();
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength(file.Length - 1);
        }

        await ReopenAsync();
        await Store.AppendAsync([Chunk(Hook, 0, 2, 0, 0, "after")], isFlushed: true);

        Assert.Equal(["whole", "after"], (await Store.ReadAsync(0, 2, null, Cancellation)).Select(Text));
    }

    [Fact]
    public async Task A_file_goes_when_the_log_keeps_none_of_its_events()
    {
        await FillAsync(files: 2);
        long[] first = [3L << AttemptChunk.BucketBits, 0];

        await Store.RetainAsync(new long[] { (3L << AttemptChunk.BucketBits) - 1, 0 }, 0, Cancellation);
        Assert.Equal(3, Directory.GetFiles(_directory.FullName, "*.attempts").Length);

        await Store.RetainAsync(first, 0, Cancellation);
        Assert.Equal(["last"], await TextsAsync());
        Assert.Single(Directory.GetFiles(_directory.FullName));
    }

    [Fact]
    public async Task A_file_that_tells_of_a_recent_loss_stays()
    {
        await Store.AppendAsync([Chunk(Hook, 0, 2, 0, 1, new string('x', 1000), lossAt: 500)], isFlushed: true);
        await Store.AppendAsync([Chunk(Hook, 0, 9, 0, 1, "last")], isFlushed: true);
        long[] first = [8L << AttemptChunk.BucketBits, 0];

        await Store.RetainAsync(first, 500, Cancellation);
        Assert.Single(await Store.ReadLossesAsync(0, Cancellation));

        await Store.RetainAsync(first, 501, Cancellation);
        Assert.Empty(await Store.ReadLossesAsync(0, Cancellation));
    }

    [Fact]
    public async Task A_damaged_chunk_is_left_out_and_the_others_are_not()
    {
        await FillAsync(files: 2);
        var path = Path.Combine(_directory.FullName, "000000000001.attempts");
        var content = await File.ReadAllBytesAsync(path, Cancellation);
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(path, content, Cancellation);

        Assert.Equal(["1", "last"], await TextsAsync());
    }

    protected override async ValueTask<IAttemptStore> OpenAsync()
        => await AttemptFileStore.OpenAsync(_directory.FullName, 16, NullLogger.Instance, _limits);

    protected override ValueTask CloseAsync()
    {
        _directory.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string FirstWord(AttemptChunk chunk) => Text(chunk).Split(' ')[0];

    private async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        await ReplaceAsync();
    }

    /// <summary>Fills so many files, each with a chunk of the same bucket, and begins one more.</summary>
    private async Task FillAsync(int files)
    {
        for (var number = 0; number < files; number++)
        {
            await Store.AppendAsync([Chunk(Hook, 0, 2, 0, 0, $"{number} {new string('x', 1000)}")], isFlushed: false);
        }

        await Store.AppendAsync([Chunk(Hook, 0, 2, 0, 0, "last")], isFlushed: false);
    }

    private string IndexOf(int number) => Path.Combine(_directory.FullName, $"{number:D12}.attempts-index");

    private async Task<IEnumerable<string>> TextsAsync() => (await Store.ReadAsync(0, 2, null, Cancellation)).Select(FirstWord);
}
