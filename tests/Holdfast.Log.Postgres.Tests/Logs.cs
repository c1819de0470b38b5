using Holdfast.Log.Partitions;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>What the tests do with logs.</summary>
internal static class Logs
{
    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Opens a log and claims all partitions.</summary>
    public static async Task<PostgresPartitionLog> OpenOwnerAsync(PostgresOptions options)
    {
        var log = await PostgresPartitionLog.OpenAsync(options with { WaitsForPrimary = true }, Cancellation);
        await ClaimAllAsync(log);
        return log;
    }

    /// <summary>Claims all partitions, whoever has them.</summary>
    public static async Task ClaimAllAsync(PostgresPartitionLog log)
    {
        foreach (var head in await log.ReadHeadsAsync(Cancellation))
        {
            var claim = await log.ClaimAsync(head.Partition, log.Owner, head.Epoch, Cancellation);
            Assert.True(claim.IsGranted);
        }
    }

    /// <summary>Appends one record to each of some partitions.</summary>
    public static Task<AppendStatus> AppendAsync(IPartitionLog log, params int[] partitions) => TestKit.TestBatches.AppendAsync(log, 1, partitions).AsTask();
}
