using Holdfast.Log.Partitions;

namespace Holdfast.Log.TestKit;

/// <summary>Decides the fate of appends by a seed: the same seed, the same fates in the same order.</summary>
/// <param name="seed">The seed; print it when a test fails.</param>
public sealed class SeededFaults(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>How often an append finds the disk full, from 0 to 1.</summary>
    public double FullRate { get; init; }

    /// <summary>How often an append gives the thread up before it commits, from 0 to 1.</summary>
    public double YieldRate { get; init; }

    /// <summary>How often a flush fails, from 0 to 1. The log then refuses everything until it is reopened.</summary>
    public double FlushFailureRate { get; init; }

    internal AppendFate Next()
    {
        var full = _random.NextDouble() < FullRate;
        var yields = _random.NextDouble() < YieldRate;
        var flushFails = _random.NextDouble() < FlushFailureRate;
        return new AppendFate(full ? AppendStatus.Full : AppendStatus.Appended, yields, flushFails);
    }
}

/// <summary>What happens to one append.</summary>
internal readonly record struct AppendFate(AppendStatus Status, bool Yields, bool FlushFails);
