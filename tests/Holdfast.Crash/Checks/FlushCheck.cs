using System.Net;
using System.Text;
using Holdfast.Crash.Clients;
using Holdfast.Crash.Traces;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Crash.Checks;

/// <summary>Publishes to a server under strace, first one by one, then in a burst, and judges what the kernel saw.</summary>
internal static class FlushCheck
{
    private const int OneByOne = 30;
    private const int Burst = 300;
    private const string Calls = "trace=write,pwrite64,writev,pwritev,pwritev2,fdatasync,fsync,sendto,sendmsg";

    public const int Messages = OneByOne + Burst;

    public static async Task<(IReadOnlyList<string> Violations, int Acknowledgements)> RunAsync(
        ServerArguments arguments, string trace, CancellationToken cancellationToken)
    {
        var tracer = new[] { "strace", "-f", "-qq", "-s", "1000000", "-xx", "-e", Calls, "-e", "signal=none", "-o", trace };
        await using (var server = await ServerProcess.StartAsync(arguments with { Tracer = tracer }))
        {
            var publishing = PublishAsync(server.MqttPort, cancellationToken);
            if (await Task.WhenAny(publishing, server.Ended) == server.Ended)
            {
                throw new InvalidOperationException($"The server ended.\n{server.Output}");
            }

            await publishing;
            await server.TerminateAsync();
        }

        return AcknowledgementChecker.Check(StraceReader.Read(File.ReadLines(trace)));
    }

    private static async Task PublishAsync(int port, CancellationToken cancellationToken)
    {
        var connect = new ConnectPacket { Version = ProtocolVersion.Mqtt311, ClientId = "flush", CleanStart = true };
        using var link = await MqttLink.OpenAsync(new(IPAddress.Loopback, port), connect, cancellationToken) ?? throw new InvalidOperationException("No CONNACK came.");
        var acknowledgements = new AcknowledgementCounter();
        var reading = link.RunAsync(new CountingHandler(acknowledgements), cancellationToken);
        var packetId = 0;
        while (packetId < OneByOne)
        {
            var acknowledged = acknowledgements.WaitForAsync(1);
            Publish(link, ++packetId);
            link.Flush();
            await acknowledged.WaitAsync(cancellationToken);
        }

        var all = acknowledgements.WaitForAsync(Burst);
        while (packetId < Messages)
        {
            Publish(link, ++packetId);
        }

        link.Flush();
        await all.WaitAsync(cancellationToken);
        link.Abort();
        await reading;
    }

    private static void Publish(MqttLink link, int packetId) => link.Publish(new PublishPacket
    {
        Topic = Encoding.ASCII.GetBytes($"devices/flush-{packetId % 50}/events/x"),
        Payload = Encoding.ASCII.GetBytes(AcknowledgementChecker.Marker(packetId)),
        PacketId = (ushort)packetId,
        QualityOfService = QualityOfService.AtLeastOnce,
    });
}
