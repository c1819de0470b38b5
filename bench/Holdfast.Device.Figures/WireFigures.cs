using System.Security.Cryptography.X509Certificates;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Figures;

/// <summary>What an event of 100 bytes costs on the wire, both ways, connecting left out.</summary>
internal static class WireFigures
{
    private const int Singles = 500;
    private const int Batched = 10_000;

    public static async Task PrintAsync(string carrier, Uri endpoint, X509Certificate2 authority)
    {
        var options = new DeviceOptions
        {
            DeviceId = "pump-7",
            Endpoints = [endpoint],
            TrustedAuthorities = [authority],
            Outbox = new OutboxOptions { FlushInterval = TimeSpan.FromMilliseconds(100), FlushBytes = 1 << 20 },
        };
        await using var single = HoldfastDevice.Start(options with { MaximumBatchEvents = 1, Outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero } });
        await PublishAsync(single, 1);
        OutboxFigures.Print($"{carrier}: bytes to connect, with the first event", $"{single.Traffic.BytesSent + single.Traffic.BytesReceived:N0}");
        var (sent, received) = (single.Traffic.BytesSent, single.Traffic.BytesReceived);
        for (var i = 0; i < Singles; i++)
        {
            await PublishAsync(single, 1);
        }

        OutboxFigures.Print(
            $"{carrier}: bytes for an event of 100 bytes, single (sent + received)", $"{(single.Traffic.BytesSent - sent) / (double)Singles:N0} + {(single.Traffic.BytesReceived - received) / (double)Singles:N0}");

        await using var batched = HoldfastDevice.Start(options);
        await PublishAsync(batched, 1);
        (sent, received, var publishes) = (batched.Traffic.BytesSent, batched.Traffic.BytesReceived, batched.Traffic.Publishes);
        await PublishAsync(batched, Batched);
        OutboxFigures.Print(
            $"{carrier}: the same in batches of {Batched / (double)(batched.Traffic.Publishes - publishes):N0}, {batched.Traffic.Connections} connection(s)",
            $"{(batched.Traffic.BytesSent - sent) / (double)Batched:N1} + {(batched.Traffic.BytesReceived - received) / (double)Batched:N1}");
    }

    private static async Task PublishAsync(HoldfastDevice device, int count)
    {
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => device.PublishAsync(new DeviceEvent("pressure", new byte[100]))));
        await device.DrainAsync();
    }
}
