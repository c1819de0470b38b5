using Holdfast.Log.Partitions;
using Holdfast.Log.Segments;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Tests.Segments;

/// <summary>The contract on real files; the tail cache is so small that most reads come from them.</summary>
public sealed class SegmentLogContractTests : PartitionLogContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    protected override async Task<IPartitionLog> OpenAsync() => await SegmentLog.OpenAsync(new SegmentLogOptions
    {
        Directory = Path.Combine(_directory.Path, "log"),
        PartitionCount = 4,
        SegmentBytes = 8 * 1024,
        MinimumFreeBytes = 0,
        ReserveBytes = 4096,
        TailCacheBytes = 8 * 1024,
    }, TestContext.Current.CancellationToken);

    protected override async Task<IPartitionLog> ReopenAsync(IPartitionLog log)
    {
        await log.DisposeAsync();
        return await OpenAsync();
    }
}
