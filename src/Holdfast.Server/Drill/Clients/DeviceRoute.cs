using System.Net;

namespace Holdfast.Server.Drill.Clients;

/// <summary>
/// The reconnect policy of the drill's clients, with full jitter over all nodes: after the n-th failure in a row a client waits a random time up to
/// 50 ms × 2ⁿ, at most half a second, and then tries another node than the last one, chosen at random.
/// </summary>
/// <param name="nodes">The nodes' addresses.</param>
/// <param name="seed">Of its choices.</param>
/// <param name="time">The clock.</param>
internal sealed class DeviceRoute(IReadOnlyList<IPEndPoint> nodes, int seed, TimeProvider time) : IRoute
{
    /// <summary>The bound of the first pause.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    /// <summary>The bound of all pauses.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private const int MostDoublings = 10;

    private readonly Random _random = new(seed);
    private int _failures;
    private IPEndPoint? _last;

    /// <inheritdoc/>
    public async Task<IPEndPoint> NextAsync(ConnectionEnd? last, CancellationToken cancellationToken)
    {
        if (last is { } end)
        {
            _failures = end == ConnectionEnd.Lost ? 0 : _failures + 1;
            await Task.Delay(NextPause(), time, cancellationToken);
        }

        IPEndPoint[] others = [.. nodes.Where(node => nodes.Count == 1 || !node.Equals(_last))];
        return _last = others[_random.Next(others.Length)];
    }

    private TimeSpan NextPause()
    {
        TimeSpan bound = FirstPause * (1 << Math.Min(_failures, MostDoublings));
        return _random.NextDouble() * (bound < LongestPause ? bound : LongestPause);
    }
}
