using Holdfast.Log.Partitions;
using Holdfast.Log.Segments;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Tests.Segments;

/// <summary>The contract on real files, where the tail cache holds so little that most reads come from them.</summary>
public sealed class SegmentLogOnFilesContractTests() : SegmentLogContract(tailCacheBytes: 8 * 1024);

/// <summary>The contract with a tail cache that holds everything.</summary>
public sealed class SegmentLogInMemoryContractTests() : SegmentLogContract(tailCacheBytes: 8 * 1024 * 1024);

/// <summary>The contract on real files.</summary>
/// <param name="tailCacheBytes">See <see cref="SegmentLogOptions.TailCacheBytes"/>.</param>
public abstract class SegmentLogContract(long tailCacheBytes) : PartitionLogContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override async Task<IPartitionLog> OpenAsync() => await SegmentLog.OpenAsync(
        new SegmentLogOptions
        {
            Directory = Path.Combine(_directory.Path, "log"),
            PartitionCount = 4,
            SegmentBytes = 8 * 1024,
            MinimumFreeBytes = 0,
            ReserveBytes = 4096,
            TailCacheBytes = tailCacheBytes,
        },
        TestContext.Current.CancellationToken);

    protected override async Task<IPartitionLog> ReopenAsync(IPartitionLog log)
    {
        await log.DisposeAsync();
        return await OpenAsync();
    }
}
