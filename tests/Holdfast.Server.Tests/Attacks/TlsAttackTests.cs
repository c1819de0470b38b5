using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.Attacks;

/// <summary>Attempts on the transport: a downgrade of TLS, and compression of WebSockets. What is sent is written by hand: no client library of today speaks TLS 1.1.</summary>
public sealed class TlsAttackTests : IAsyncLifetime
{
    private const int Handshake = 22;
    private const int Alert = 21;
    private const int ProtocolVersion = 70;

    private readonly TemporaryDirectory _directory = new();
    private ServerProcess _server = null!;

    public async ValueTask InitializeAsync()
    {
        TestCertificates.Write(_directory.Below("server.pem"), _directory.Below("server.key"));
        _server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data"))
        {
            Options =
            [
                "--listen", "mqtts://127.0.0.1:0", "--listen", "https://127.0.0.1:0", "--listen", "ws://127.0.0.1:0",
                "--certificate", _directory.Below("server.pem"), "--key", _directory.Below("server.key"),
            ],
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("mqtts")]
    [InlineData("https")]
    public async Task TLS_of_before_1_2_is_refused_with_its_reason(string scheme)
    {
        var port = PortOf(scheme);

        var accepted = await HelloAsync(port, 0x0303);
        Assert.Equal(Handshake, accepted[0]);

        foreach (var version in (ushort[])[0x0302, 0x0301, 0x0300])
        {
            var refused = await HelloAsync(port, version);
            Assert.True(refused.Length == 0 || refused[0] == Alert, $"{version:X4} was answered with a record of type {(refused.Length > 0 ? refused[0] : 0)}.");
            if (refused.Length >= 7 && version > 0x0300)
            {
                Assert.Equal(ProtocolVersion, refused[6]);
            }
        }
    }

    [Fact]
    public async Task Compression_of_a_WebSocket_is_not_agreed_to()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, PortOf("ws"), TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(
                "GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
            TestContext.Current.CancellationToken);
        var head = Encoding.ASCII.GetString(await ReadAsync(client.GetStream(), 12));

        Assert.StartsWith("HTTP/1.1 101", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Sec-WebSocket-Extensions", head, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<byte[]> HelloAsync(int port, ushort version)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(ClientHello(version));
        return await ReadAsync(client.GetStream(), 7);
    }

    /// <summary>What comes, at least so much of it unless the connection ends.</summary>
    private static async Task<byte[]> ReadAsync(NetworkStream stream, int least)
    {
        var buffer = new byte[4096];
        var length = 0;
        try
        {
            int count;
            while (length < least && (count = await stream.ReadAsync(buffer.AsMemory(length)).AsTask().WaitAsync(TimeSpan.FromSeconds(60))) > 0)
            {
                length += count;
            }
        }
        catch (IOException)
        {
            // Reset: refused without a word.
        }

        return buffer[..length];
    }

    /// <summary>A ClientHello that offers nothing but this version, with suites that servers of its time took and that go with the certificate.</summary>
    private static byte[] ClientHello(ushort version)
    {
        byte[] suites = [0xC0, 0x2B, 0xC0, 0x2C, 0xC0, 0x2F, 0xC0, 0x09, 0xC0, 0x0A, 0xC0, 0x13, 0xC0, 0x14, 0x00, 0x2F, 0x00, 0x35];
        byte[] extensions = [0, 10, 0, 6, 0, 4, 0, 0x17, 0, 0x18, 0, 11, 0, 2, 1, 0, 0, 13, 0, 8, 0, 6, 4, 3, 4, 1, 2, 3];
        byte[] body = [.. Number(version), .. new byte[32], 0, .. Number((ushort)suites.Length), .. suites, 1, 0, .. Number((ushort)extensions.Length), .. extensions];
        byte[] handshake = [1, 0, .. Number((ushort)body.Length), .. body];
        return [Handshake, 3, 1, .. Number((ushort)handshake.Length), .. handshake];
    }

    private static byte[] Number(ushort value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }

    private int PortOf(string scheme)
    {
        var line = $"listening {scheme}://127.0.0.1:";
        var rest = _server.Output[(_server.Output.IndexOf(line, StringComparison.Ordinal) + line.Length)..];
        return int.Parse(new string([.. rest.TakeWhile(char.IsAsciiDigit)]), null);
    }
}
