using Holdfast.Mqtt;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Load;

namespace Holdfast.Server.Bench.Memory;

/// <summary>Subscribers that read nothing while 20 MB are published for each of them, at QoS 1 and then at QoS 0.</summary>
/// <param name="options">Where the broker is.</param>
/// <param name="scale">How many of them.</param>
internal sealed class SlowReaderLoad(BenchOptions options, double scale) : MemoryLoad(options, scale)
{
    private const int Readers = 1_000;
    private const int Messages = 2_000;
    private const int PayloadBytes = 10_000;

    private int Published => Scaled(Messages);

    private string Topic => $"bench/{Run}/slow";

    /// <inheritdoc/>
    public override IReadOnlyList<MemoryStep> Steps =>
    [
        new("subscribers that do not read, before", Scaled(Readers), SubscribeAsync),
        new($"the same, after {Published} messages of 10 kB at QoS 1", Scaled(Readers), PublishAsync),
        new($"the same, after {Published} more at QoS 0", Scaled(Readers), PublishUnacknowledgedAsync),
    ];

    private Task SubscribeAsync(CancellationToken cancellationToken) => ForEachAsync(Scaled(Readers), async (index, token) =>
    {
        BenchConnection reader = await ConnectAsync($"r{index}", token);
        await reader.SubscribeAsync(Topic, QualityOfService.AtLeastOnce, token);
    }, cancellationToken);

    private Task PublishAsync(CancellationToken cancellationToken)
        => BulkPublisher.PublishAsync(Options, $"bench-{Run}-p", Enumerable.Repeat(Template(QualityOfService.AtLeastOnce), Published), new BenchErrors(), cancellationToken);

    private async Task PublishUnacknowledgedAsync(CancellationToken cancellationToken)
    {
        PublishTemplate template = Template(QualityOfService.AtMostOnce);
        byte[] packet = new byte[template.Length];
        template.Write(packet, 0, 0);
        BenchConnection publisher = await ConnectAsync("p0", cancellationToken);
        for (int count = 0; count < Published; count++)
        {
            await publisher.SendAsync(packet, cancellationToken);
        }

        // Its answer says that the broker has dealt with everything before it.
        await publisher.SubscribeAsync($"bench/{Run}/behind", QualityOfService.AtMostOnce, cancellationToken);
    }

    private PublishTemplate Template(QualityOfService qualityOfService) => new(new PublisherPlan(Topic, qualityOfService, PayloadBytes), Options.Version);
}
