using Holdfast.Log.Partitions;
using Holdfast.Testing.Postgres;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>The contract on a real server, with segments so small that most reads and retention cross several.</summary>
public sealed class PostgresLogContractTests : PartitionLogContract
{
    private readonly PostgresOptions _options = SharedServer.NewOptions() with { SegmentBytes = 8 * 1024, RecentBytes = 256 * 1024 };

    protected override async Task<IPartitionLog> OpenAsync() => await Logs.OpenOwnerAsync(_options);

    protected override async Task<IPartitionLog> ReopenAsync(IPartitionLog log)
    {
        await log.DisposeAsync();
        return await Logs.OpenOwnerAsync(_options with { Owner = "reopened" });
    }
}
