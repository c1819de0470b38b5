using System.Globalization;
using Holdfast.Mqtt;
using Holdfast.Server.Bench.Connections;

namespace Holdfast.Server.Bench.Scale;

/// <summary>
/// Clients that hold many filters, which the topics of the other scenarios go through without matching any: they begin with the same levels, some
/// with a wildcard, and differ in the last one.
/// </summary>
internal sealed class FilterHolders : IDisposable
{
    private const int FiltersOfEach = 1000;
    private const int FiltersInPacket = 200;

    private readonly List<BenchConnection> _connections = [];

    /// <summary>How many filters there are.</summary>
    public int Count { get; private set; }

    /// <summary>Subscribes until there are so many filters.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task GrowToAsync(BenchOptions options, int count, CancellationToken cancellationToken)
    {
        while (Count < count)
        {
            int last = Math.Min(count, Count + FiltersOfEach);
            BenchConnection connection = await BenchConnection.OpenAsync(options, new BenchClient($"bench-filters-{Count}"), cancellationToken);
            _connections.Add(connection);
            while (Count < last)
            {
                int size = Math.Min(last - Count, FiltersInPacket);
                await connection.SubscribeAsync([.. Enumerable.Range(Count, size).Select(FilterOf)], QualityOfService.AtMostOnce, cancellationToken);
                Count += size;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connections.ForEach(connection => connection.Dispose());

    private static string FilterOf(int index) => (index % 4) switch
    {
        0 => string.Create(CultureInfo.InvariantCulture, $"bench/+/{index}/state"),
        1 => string.Create(CultureInfo.InvariantCulture, $"bench/{index}/#"),
        2 => string.Create(CultureInfo.InvariantCulture, $"bench/+/{index}/+/state"),
        _ => string.Create(CultureInfo.InvariantCulture, $"bench/{index}/events/state"),
    };
}
