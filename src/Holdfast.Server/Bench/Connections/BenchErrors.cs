using System.Collections.Concurrent;

namespace Holdfast.Server.Bench.Connections;

/// <summary>An error that happened, and how often.</summary>
/// <param name="Reason">What happened, with the broker's reason code when it gave one.</param>
/// <param name="Count">How often.</param>
internal sealed record BenchError(string Reason, long Count);

/// <summary>Counts what went wrong during a run, by reason, so that no error makes a figure better or worse unseen.</summary>
internal sealed class BenchErrors
{
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts an error.</summary>
    /// <param name="reason">What happened. A few different texts only: no identifiers, no numbers.</param>
    public void Add(string reason) => _counts.AddOrUpdate(reason, 1, (_, count) => count + 1);

    /// <summary>The errors so far, the most frequent first.</summary>
    public IReadOnlyList<BenchError> ToList()
        => [.. _counts.Select(entry => new BenchError(entry.Key, entry.Value)).OrderByDescending(error => error.Count).ThenBy(error => error.Reason, StringComparer.Ordinal)];
}
