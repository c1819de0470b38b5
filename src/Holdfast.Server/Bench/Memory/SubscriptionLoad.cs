using Holdfast.Mqtt;
using Holdfast.Server.Bench.Connections;

namespace Holdfast.Server.Bench.Memory;

/// <summary>Subscriptions with filters that are all different: half of them to one topic, half with a wildcard.</summary>
/// <param name="options">Where the broker is.</param>
/// <param name="scale">How many of them.</param>
internal sealed class SubscriptionLoad(BenchOptions options, double scale) : MemoryLoad(options, scale)
{
    private const int Subscriptions = 1_000_000;
    private const int OfEach = 10_000;
    private const int InOnePacket = 500;

    private int Clients => (Scaled(Subscriptions) + OfEach - 1) / OfEach;

    /// <inheritdoc/>
    public override IReadOnlyList<MemoryStep> Steps => [new("subscriptions, 10,000 of each client", Scaled(Subscriptions), SubscribeAsync, Clients)];

    private Task SubscribeAsync(CancellationToken cancellationToken) => ForEachAsync(Clients, async (client, token) =>
    {
        BenchConnection connection = await ConnectAsync($"s{client}", token);
        int end = Math.Min(Scaled(Subscriptions), (client + 1) * OfEach);
        for (int first = client * OfEach; first < end; first += InOnePacket)
        {
            await connection.SubscribeAsync([.. Enumerable.Range(first, Math.Min(InOnePacket, end - first)).Select(FilterOf)], QualityOfService.AtLeastOnce, token);
        }
    }, cancellationToken);

    private string FilterOf(int number) => $"bench/{Run}/{number / 1000}/{number % 1000}{(number % 2 == 0 ? "" : "/+")}";
}
