using Holdfast.Broker.Delivery;
using Holdfast.Broker.Identities;
using Holdfast.Log.Partitions;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Retention;

/// <summary>
/// Holds products to their limits: raises the floor of one that has too many bytes, and finds what no product keeps any longer, which whole segments can then be removed for. In a cluster
/// this is the work of the node that owns the first partition; the floors travel in the registry.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="feed">What has been announced.</param>
/// <param name="registry">The products.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log for operators.</param>
internal sealed class RetentionKeeper(IPartitionLog log, ICommitFeed feed, IdentityRegistry registry, TimeProvider time, ILogger logger)
{
    /// <summary>A record may be committed a little after it was received: what is so young is left alone.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(1);

    private ProductUsage? _usage;

    /// <summary>No product keeps anything that was received before; null when that is not known, or no product has a limit.</summary>
    public DateTimeOffset? NothingKeptBefore { get; private set; }

    /// <summary>Counts what is new and draws the consequences.</summary>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="IOException">The log or the registry cannot be reached now.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!registry.Products.Any(product => product.Document.Retention is not null) || (log is IClusterLog cluster && !cluster.IsOwned(0)))
        {
            (_usage, NothingKeptBefore) = (null, null);
            return;
        }

        var now = time.GetUtcNow();
        _usage ??= new ProductUsage(log, feed);
        await _usage.AdvanceAsync(cancellationToken).ConfigureAwait(false);
        foreach (var product in registry.Products)
        {
            await RaiseFloorAsync(product).ConfigureAwait(false);
        }

        var oldest = await _usage.OldestAsync(cancellationToken).ConfigureAwait(false) ?? long.MinValue;
        NothingKeptBefore = DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(OldestKept(oldest, now), (now - Settling).ToUnixTimeMilliseconds()));
    }

    private async Task RaiseFloorAsync(ProductEntry product)
    {
        if (product.Document.Retention is not { MaximumBytes: { } maximum } retention || !_usage!.Products.TryGetValue(product.Name, out var usage))
        {
            return;
        }

        var floor = usage.FloorFor(maximum);
        if (floor <= (retention.KeptSince?.ToUnixTimeMilliseconds() ?? long.MinValue))
        {
            return;
        }

        var since = DateTimeOffset.FromUnixTimeMilliseconds(floor);
        if (await registry.SaveAsync(product with { Document = product.Document with { Retention = retention with { KeptSince = since } } }).ConfigureAwait(false))
        {
            logger.LogInformation("Product {Product} has more than {Bytes} bytes: what it received before {Since} is no longer kept.", product.Name, maximum, since);
        }
    }

    /// <summary>The oldest time of receipt that some product keeps, in Unix milliseconds.</summary>
    private long OldestKept(long oldestOfLog, DateTimeOffset now)
    {
        var oldest = long.MaxValue;
        foreach (var (name, usage) in _usage!.Products)
        {
            var floor = registry.FindProduct(name)?.Document.Retention?.FloorAt(now)?.ToUnixTimeMilliseconds() ?? long.MinValue;
            usage.ForgetBefore(Math.Max(floor, oldestOfLog));
            if (usage.Oldest is { } first)
            {
                oldest = Math.Min(oldest, Math.Max(first, floor));
            }
        }

        return oldest;
    }
}
