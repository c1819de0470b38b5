using System.Collections.Concurrent;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Scenarios;

namespace Holdfast.Server.Bench.Memory;

/// <summary>A load that holds something in the broker's memory.</summary>
/// <param name="options">Where the broker is.</param>
/// <param name="scale">Of the full number, how much: 1 for all.</param>
internal abstract class MemoryLoad(BenchOptions options, double scale) : IDisposable
{
    private const int AtOnce = 50;

    private readonly ConcurrentBag<IDisposable> _held = [];

    /// <summary>Its steps, each on top of those before.</summary>
    public abstract IReadOnlyList<MemoryStep> Steps { get; }

    /// <summary>Where the broker is.</summary>
    protected BenchOptions Options => options;

    /// <summary>In every name, so that two runs do not meet.</summary>
    protected string Run { get; } = RunName.Take();

    /// <summary>All loads of the command, in the order in which they run, by name.</summary>
    public static IReadOnlyDictionary<string, Func<BenchOptions, double, MemoryLoad>> All { get; } = new Dictionary<string, Func<BenchOptions, double, MemoryLoad>>
    {
        ["idle"] = (options, scale) => new IdleLoad(options, scale),
        ["slow-readers"] = (options, scale) => new SlowReaderLoad(options, scale),
        ["slow-loris"] = (options, scale) => new SlowLorisLoad(options, scale),
        ["subscriptions"] = (options, scale) => new SubscriptionLoad(options, scale),
        ["retained"] = (options, scale) => new RetainedLoad(options, scale),
    };

    /// <summary>Leaves the broker as it was, as far as closing the connections does not.</summary>
    public virtual Task CleanUpAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable held in _held)
        {
            held.Dispose();
        }
    }

    /// <summary>The number that the scale makes of a full one.</summary>
    protected int Scaled(int full) => Math.Max(1, (int)(full * scale));

    /// <summary>Keeps a connection until the end.</summary>
    protected void Hold(IDisposable connection) => _held.Add(connection);

    /// <summary>Does something many times, a few at once.</summary>
    protected static Task ForEachAsync(int count, Func<int, CancellationToken, Task> action, CancellationToken cancellationToken)
        => Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (index, token) => await action(index, token));

    /// <summary>Connects a client, which is held until the end and reads nothing by itself.</summary>
    protected async Task<BenchConnection> ConnectAsync(string name, CancellationToken cancellationToken)
    {
        BenchConnection connection = await BenchConnection.OpenAsync(options, new BenchClient($"bench-{Run}-{name}"), cancellationToken);
        Hold(connection);
        return connection;
    }
}
