using Holdfast.Mqtt;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Load;

namespace Holdfast.Server.Bench.Memory;

/// <summary>Topics with a retained message of 100 bytes, and then clients that ask for all of them, again and again, and read nothing.</summary>
/// <param name="options">Where the broker is.</param>
/// <param name="scale">How many of them.</param>
internal sealed class RetainedLoad(BenchOptions options, double scale) : MemoryLoad(options, scale)
{
    private const int Topics = 1_000_000;
    private const int PayloadBytes = 100;
    private const int Clients = 1_000;
    private const int RequestsOfEach = 20;

    /// <inheritdoc/>
    public override IReadOnlyList<MemoryStep> Steps =>
    [
        new("topics with a retained message of 100 bytes", Scaled(Topics), cancellationToken => PublishAsync("store", PayloadBytes, cancellationToken), 1),
        new("clients that ask for all of them twenty times, and do not read", Scaled(Clients), AskAsync, Scaled(Clients)),
    ];

    /// <inheritdoc/>
    public override Task CleanUpAsync() => PublishAsync("remove", 0, CancellationToken.None);

    private Task AskAsync(CancellationToken cancellationToken) => ForEachAsync(Scaled(Clients), async (index, token) =>
    {
        BenchConnection client = await ConnectAsync($"a{index}", token);
        ReadOnlyMemory<byte> request = client.EncodeSubscribe($"bench/{Run}/#", QualityOfService.AtLeastOnce);
        for (int count = 0; count < RequestsOfEach; count++)
        {
            await client.SendAsync(request, token);
        }
    }, cancellationToken);

    /// <summary>A retained message without a payload removes the one that is there.</summary>
    private Task PublishAsync(string purpose, int payloadBytes, CancellationToken cancellationToken) => BulkPublisher.PublishAsync(
        Options,
        $"bench-{Run}-{purpose}",
        Enumerable.Range(0, Scaled(Topics)).Select(index => new PublishTemplate(
            new PublisherPlan($"bench/{Run}/{index / 1000}/{index % 1000}", QualityOfService.AtLeastOnce, payloadBytes), Options.Version, retain: true)),
        new BenchErrors(),
        cancellationToken);
}
