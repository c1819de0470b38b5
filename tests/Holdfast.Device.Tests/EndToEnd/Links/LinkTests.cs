using System.Net;
using System.Security.Cryptography;
using System.Text;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.EndToEnd.Links;

/// <summary>TLS and WebSocket, with an authority of one's own, a pin, and a proxy.</summary>
public sealed class LinkTests(SecureServer server) : IClassFixture<SecureServer>
{
    private string Digest => server.Certificate.GetCertHashString(HashAlgorithmName.SHA256);

    [Theory]
    [InlineData("mqtts")]
    [InlineData("ws")]
    [InlineData("wss")]
    public async Task Events_arrive_and_every_byte_is_counted(string scheme)
    {
        var options = Options(scheme) with { TrustedAuthorities = [server.Certificate] };
        await using var device = HoldfastDevice.Start(options);
        await PublishAsync(device, 200);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(Enumerable.Range(0, 200).Select(n => $"{n}"), (await StoredEvents.ReadAsync(server.Process, options.DeviceId)).Select(e => e.Payload));
        Assert.Equal(200, device.Traffic.EventsStored);

        // The payloads alone have 490 bytes; a handshake of TLS more than 1,000.
        Assert.InRange(device.Traffic.BytesSent, 490, 200_000);
        Assert.InRange(device.Traffic.BytesReceived, scheme == "ws" ? 50 : 500, 200_000);
        Assert.InRange(device.ClockOffset!.Value.TotalSeconds, -10, 10);
    }

    [Theory]
    [InlineData("mqtts")]
    [InlineData("wss")]
    public async Task A_pin_lets_one_certificate_in_and_no_other(string scheme)
    {
        var options = Options(scheme) with { TrustedAuthorities = [server.Certificate], PinnedCertificates = [new string('0', 64), Digest] };
        await using (var device = HoldfastDevice.Start(options))
        {
            await PublishAsync(device, 1);
            await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        }

        await AssertNotTrustedAsync(options with { PinnedCertificates = [new string('0', 64)] });
    }

    [Theory]
    [InlineData("mqtts")]
    [InlineData("wss")]
    public async Task Without_its_authority_or_with_another_the_server_is_not_trusted(string scheme)
    {
        using var other = TestCertificates.Create();
        await AssertNotTrustedAsync(Options(scheme));
        await AssertNotTrustedAsync(Options(scheme) with { TrustedAuthorities = [other] });
    }

    [Theory]
    [InlineData("ws")]
    [InlineData("wss")]
    public async Task WebSocket_goes_through_a_proxy(string scheme)
    {
        using var proxy = new TunnelProxy();
        var options = Options(scheme) with { TrustedAuthorities = [server.Certificate], Proxy = new WebProxy(proxy.Address) };
        await using var device = HoldfastDevice.Start(options);
        await PublishAsync(device, 10);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal($"CONNECT 127.0.0.1:{server.Ports[scheme]} HTTP/1.1", proxy.LastRequest);
        Assert.Equal(10, (await StoredEvents.ReadAsync(server.Process, options.DeviceId)).Count);
    }

    private static Task<EventIdentity[]> PublishAsync(HoldfastDevice device, int count)
        => Task.WhenAll(Enumerable.Range(0, count).Select(n => device.PublishAsync(new DeviceEvent("n", Encoding.ASCII.GetBytes($"{n}"))))).Soon();

    private static async Task AssertNotTrustedAsync(DeviceOptions options)
    {
        await using var device = HoldfastDevice.Start(options);
        await foreach (var status in device.ConnectivityChanges.WithCancellation(TestContext.Current.CancellationToken))
        {
            Assert.Equal(ConnectivityState.Offline, status.State);
            Assert.Contains("certificate", status.Reason, StringComparison.OrdinalIgnoreCase);
            return;
        }
    }

    private DeviceOptions Options(string scheme) => new()
    {
        DeviceId = $"d-{Guid.NewGuid():N}",
        Endpoints = [new Uri($"{scheme}://127.0.0.1:{server.Ports[scheme]}/mqtt")],
        Outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero },
    };
}
