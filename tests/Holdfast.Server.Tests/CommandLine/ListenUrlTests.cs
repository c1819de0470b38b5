using Holdfast.Broker.Limits;
using Holdfast.Server.CommandLine;
using Holdfast.Transport.Tls;

namespace Holdfast.Server.Tests.CommandLine;

public sealed class ListenUrlTests
{
    [Theory]
    [InlineData("mqtt://127.0.0.1:1883", "mqtt://127.0.0.1:1883", true)]
    [InlineData("mqtt://127.0.0.1", "mqtt://127.0.0.1:1883", true)]
    [InlineData("http://localhost", "http://127.0.0.1:8080", true)]
    [InlineData("http://localhost:80/", "http://127.0.0.1:80", true)]
    [InlineData("mqtt://0.0.0.0:0", "mqtt://0.0.0.0:0", false)]
    [InlineData("mqtt://[::1]:9", "mqtt://[::1]:9", true)]
    [InlineData("mqtt://[::]", "mqtt://[::]:1883", false)]
    [InlineData("mqtts://localhost", "mqtts://127.0.0.1:8883", true)]
    [InlineData("ws://127.0.0.1:9001", "ws://127.0.0.1:9001/mqtt", true)]
    [InlineData("wss://0.0.0.0/devices/", "wss://0.0.0.0:8084/devices", false)]
    [InlineData("https://[::1]", "https://[::1]:8443", true)]
    public void A_listener_is_a_scheme_an_address_and_a_port(string text, string expected, bool isLoopback)
    {
        Assert.True(ListenUrl.TryParse(text, out ListenUrl? url, out string error), error);
        Assert.Equal(expected, url!.ToString());
        Assert.Equal(isLoopback, url.IsLoopback);
    }

    [Theory]
    [InlineData("mqtt://127.0.0.1?anonymous=no", false, ClientCertificateMode.None)]
    [InlineData("mqtt://0.0.0.0:1", null, ClientCertificateMode.None)]
    [InlineData("mqtts://0.0.0.0?client-certificates=required&anonymous=yes", true, ClientCertificateMode.Required)]
    [InlineData("wss://0.0.0.0/path?client-certificates=optional", null, ClientCertificateMode.Optional)]
    public void A_listener_has_rules_of_its_own(string text, bool? anonymous, ClientCertificateMode certificates)
    {
        Assert.True(ListenUrl.TryParse(text, out ListenUrl? url, out string error), error);
        Assert.Equal((anonymous, certificates), (url!.Anonymous, url.ClientCertificates));
        Assert.DoesNotContain('?', url.ToString());
    }

    [Fact]
    public void A_listener_has_limits_of_its_own()
    {
        Assert.True(ListenUrl.TryParse("mqtts://0.0.0.0?connections=100&publish-bytes=1MB&connect-rate=5", out ListenUrl? url, out string error), error);
        Assert.Equal(new ClientLimits { Connections = 100, PublishBytes = 1_000_000, ConnectRate = 5 }, url!.Limits);
    }

    [Theory]
    [InlineData("mqtt://127.0.0.1?publish-bytes=12", "publish-bytes: write a size")]
    [InlineData("mqtt://127.0.0.1?connections=many", "connections: write a whole number")]
    [InlineData("mqtt://127.0.0.1?queue-age=1d", "anonymous=yes")]
    [InlineData("http://127.0.0.1?connections=5", "(MQTT)")]
    [InlineData("mqtt://127.0.0.1/path", "only ws:// and wss:// have a path")]
    [InlineData("ws://127.0.0.1/mqtt?x=1", "anonymous=yes")]
    [InlineData("mqtt://127.0.0.1?client-certificates=required", "mqtts, wss")]
    [InlineData("http://127.0.0.1?anonymous=yes", "(MQTT)")]
    [InlineData("ftp://127.0.0.1", "write it as")]
    [InlineData("127.0.0.1:1883", "write it as")]
    [InlineData("mqtt://example.com", "not an address")]
    [InlineData("mqtt://127.0.0.1:70000", "not an address")]
    [InlineData("mqtt://", "not an address")]
    public void Anything_else_is_refused_with_advice(string text, string advice)
    {
        Assert.False(ListenUrl.TryParse(text, out _, out string error));
        Assert.Contains(advice, error, StringComparison.Ordinal);
        Assert.Contains(text, error, StringComparison.Ordinal);
    }
}
