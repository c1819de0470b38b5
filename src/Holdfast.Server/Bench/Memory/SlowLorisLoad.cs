using System.Buffers;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Load;

namespace Holdfast.Server.Bench.Memory;

/// <summary>Peers that begin a packet and do not end it: a short CONNECT, the largest CONNECT, the largest PUBLISH.</summary>
/// <param name="options">Where the broker is.</param>
/// <param name="scale">How many of them.</param>
internal sealed class SlowLorisLoad(BenchOptions options, double scale) : MemoryLoad(options, scale)
{
    private const int Peers = 1_000;
    private const int LargestPayload = 250_000;

    /// <summary>A broker that reads no more from such a peer takes nothing: what it has not taken by then it will not take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public override IReadOnlyList<MemoryStep> Steps =>
    [
        new("peers in the middle of a short CONNECT", Scaled(Peers), cancellationToken => BeginAsync(Connect(passwordBytes: 0)[..^5], cancellationToken), Scaled(Peers)),
        new("more peers, 1 byte before the end of a CONNECT of 65 kB", Scaled(Peers), cancellationToken => BeginAsync(Connect(passwordBytes: 65_000)[..^1], cancellationToken), Scaled(Peers)),
        new("more peers, 1 byte before the end of a PUBLISH of 250 kB", Scaled(Peers), PublishAsync, Scaled(Peers)),
    ];

    private Task BeginAsync(ReadOnlyMemory<byte> begun, CancellationToken cancellationToken) => ForEachAsync(Scaled(Peers), async (_, token) =>
    {
        Stream peer = await BenchStream.OpenAsync(Options, token);
        Hold(peer);
        await SendAsync(peer.WriteAsync(begun, token).AsTask());
    }, cancellationToken);

    private Task PublishAsync(CancellationToken cancellationToken)
    {
        var template = new PublishTemplate(new PublisherPlan($"bench/{Run}", QualityOfService.AtLeastOnce, LargestPayload), Options.Version);
        byte[] packet = new byte[template.Length];
        template.Write(packet, 1, 0);
        return ForEachAsync(Scaled(Peers), async (index, token) =>
        {
            BenchConnection peer = await ConnectAsync($"l{index}", token);
            await SendAsync(peer.SendAsync(packet.AsMemory(..^1), token).AsTask());
        }, cancellationToken);
    }

    private static async Task SendAsync(Task sending)
    {
        try
        {
            await sending.WaitAsync(Patience);
        }
        catch (Exception exception) when (exception is TimeoutException || BenchException.IsConnectionFailure(exception))
        {
            // The broker takes no more of it, or has closed: both are answers.
        }
    }

    private ReadOnlyMemory<byte> Connect(int passwordBytes)
    {
        var writer = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(
            new ConnectPacket { Version = Options.Version, ClientId = $"bench-{Run}-begun", CleanStart = true, UserName = "bench", Password = new byte[passwordBytes] }, writer);
        return writer.WrittenMemory;
    }
}
