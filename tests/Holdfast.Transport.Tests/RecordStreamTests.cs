using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Holdfast.Testing;
using Holdfast.Transport.Sockets;
using Holdfast.Transport.Tls;

namespace Holdfast.Transport.Tests;

public sealed class RecordStreamTests : IDisposable
{
    private const int RecordBytes = 16 * 1024;
    private const int Bytes = 10 * RecordBytes;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_read_takes_as_many_records_as_have_come_and_waits_for_no_more()
    {
        var (theirs, ours) = await ConnectAsync();
        await using var connection = new DirectConnection(ours, () => { });
        await using var server = new SslStream(new PipesStream(connection.Transport), leaveInnerStreamOpen: true);
        await using var client = new SslStream(new NetworkStream(theirs, ownsSocket: true));
        using var certificate = TestCertificate.Write(_directory, "steady").Load()[0];
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, TestContext.Current.CancellationToken),
            client.AuthenticateAsClientAsync(TestCertificate.ClientOptions(), TestContext.Current.CancellationToken)).WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
        var stream = new RecordStream(server, connection);
        var sending = client.WriteAsync(Enumerable.Range(0, Bytes).Select(ByteAt).ToArray(), TestContext.Current.CancellationToken).AsTask();
        while (ours.Available < 4 * RecordBytes)
        {
            await Task.Yield();
        }

        var buffer = new byte[Bytes];
        var first = await ReadAsync(stream, buffer);
        for (var total = first; total < Bytes;)
        {
            total += await ReadAsync(stream, buffer.AsMemory(total));
        }

        await sending;
        Assert.Equal(Enumerable.Range(0, Bytes).Select(ByteAt), buffer);
        Assert.True(first > RecordBytes, $"{first} bytes came at once.");
    }

    private static Task<int> ReadAsync(RecordStream stream, Memory<byte> buffer)
        => stream.ReadAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);

    private static byte ByteAt(int index) => (byte)(index * 7 / 3);

    private static async Task<(Socket Theirs, Socket Ours)> ConnectAsync()
    {
        // What is accepted has its buffer, which holds everything.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 2 * Bytes };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var theirs = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await theirs.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        return (theirs, await listener.AcceptAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Both pipes of a connection as the one stream that SslStream wants.</summary>
    private sealed class PipesStream(IDuplexPipe pipes) : Stream
    {
        private readonly Stream _input = pipes.Input.AsStream(leaveOpen: true);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => await pipes.Output.WriteAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
