namespace Holdfast.Server.Bench.Memory;

/// <summary>Connections that do nothing.</summary>
/// <param name="options">Where the broker is.</param>
/// <param name="scale">How many of them.</param>
internal sealed class IdleLoad(BenchOptions options, double scale) : MemoryLoad(options, scale)
{
    private const int Connections = 15_000;

    /// <inheritdoc/>
    public override IReadOnlyList<MemoryStep> Steps =>
    [
        new("idle connections", Scaled(Connections), cancellationToken => ForEachAsync(Scaled(Connections), (index, token) => ConnectAsync($"{index}", token), cancellationToken), Scaled(Connections)),
    ];
}
