using System.Net.Security;
using System.Security.Authentication;
using Holdfast.Mqtt;
using Holdfast.Testing;
using Holdfast.Transport.Tls;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Transport.Tests;

public sealed class TlsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Both_versions_are_spoken_and_the_protocol_is_mqtt(SslProtocols version)
    {
        await using var server = await TestServer.StartAsync(carrier: Carrier.Tls);
        var options = TestCertificate.ClientOptions();
        options.EnabledSslProtocols = version;
        options.ApplicationProtocols = [new SslApplicationProtocol("mqtt")];
        await using var tls = await HandshakeAsync(server, options);
        Assert.Equal((version, new SslApplicationProtocol("mqtt")), (tls.SslProtocol, tls.NegotiatedApplicationProtocol));
    }

    [Fact]
    public async Task A_client_of_another_protocol_is_refused_in_the_handshake()
    {
        await using var server = await TestServer.StartAsync(carrier: Carrier.Tls);
        var options = TestCertificate.ClientOptions();
        options.ApplicationProtocols = [SslApplicationProtocol.Http11];
        await Assert.ThrowsAsync<AuthenticationException>(() => HandshakeAsync(server, options));
    }

    [Fact]
    public async Task New_connections_get_the_new_certificate_and_the_old_ones_go_on()
    {
        using var certificate = new ServerCertificate(TestCertificate.Write(_directory, "first"), _time, NullLogger.Instance);
        using var termination = new TlsTermination(certificate);
        await using var server = await TestServer.StartAsync(carrier: Carrier.Tls, tls: termination);
        using var old = await RawClient.ConnectAsync(server, "old");
        Assert.Equal("CN=first", await ShownAsync(server));

        var expiresAt = _time.GetUtcNow().AddDays(7);
        TestCertificate.Write(_directory, "second", expiresAt);
        Assert.Equal("CN=first", await ShownAsync(server));
        _time.Advance(ServerCertificate.PollInterval);
        Assert.Equal("CN=second", await ShownAsync(server));
        Assert.Equal(expiresAt.ToUnixTimeSeconds(), certificate.ExpiresAtSeconds);
        await old.SendAsync(RawClient.Ping());
        Assert.Equal(PacketType.PingResp, (await old.ReadAsync()).Header.Type);
    }

    [Fact]
    public async Task A_peer_that_does_not_finish_its_handshake_is_cut()
    {
        using var certificate = new ServerCertificate(TestCertificate.Write(_directory, "steady"), _time, NullLogger.Instance);
        using var termination = new TlsTermination(certificate) { HandshakeLimit = TimeSpan.FromMilliseconds(100) };
        await using var server = await TestServer.StartAsync(carrier: Carrier.Tls, tls: termination);
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await socket.ConnectAsync(server.EndPoint, TestContext.Current.CancellationToken);
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Handshakes_wait_for_a_place_while_those_who_stand_are_served()
    {
        using var certificate = new ServerCertificate(TestCertificate.Write(_directory, "steady"), _time, NullLogger.Instance);
        using var termination = new TlsTermination(certificate);
        await using var server = await TestServer.StartAsync(carrier: Carrier.Tls, tls: termination);
        using var standing = await RawClient.ConnectAsync(server, "standing");
        for (var place = 0; place < Environment.ProcessorCount; place++)
        {
            await termination.Places.TakeAsync(TestContext.Current.CancellationToken);
        }

        var waiting = HandshakeAsync(server, TestCertificate.ClientOptions());
        for (var count = 0; count < 20; count++)
        {
            await standing.SendAsync(RawClient.Ping());
            await standing.ReadAsync();
        }

        Assert.False(waiting.IsCompleted);
        termination.Places.Release();
        await (await waiting).DisposeAsync();

        // A handshake gives its place back.
        await (await HandshakeAsync(server, TestCertificate.ClientOptions())).DisposeAsync();
    }

    [Fact]
    public async Task Who_connects_and_says_nothing_holds_no_place()
    {
        await using var server = await TestServer.StartAsync(carrier: Carrier.Tls);
        var silent = new List<System.Net.Sockets.Socket>();
        for (var count = 0; count < Environment.ProcessorCount * 4; count++)
        {
            silent.Add(new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp));
            await silent[^1].ConnectAsync(server.EndPoint, TestContext.Current.CancellationToken);
        }

        using (await RawClient.ConnectAsync(server, "client"))
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    private static async Task<SslStream> HandshakeAsync(TestServer server, SslClientAuthenticationOptions options)
    {
        var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(server.EndPoint);
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(options).WaitAsync(TestServer.Limit);
        return tls;
    }

    private static async Task<string> ShownAsync(TestServer server)
    {
        await using var tls = await HandshakeAsync(server, TestCertificate.ClientOptions());
        return tls.RemoteCertificate!.Subject;
    }
}
