using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Transport.Sockets;
using Holdfast.Transport.Tls;
using Microsoft.AspNetCore.Connections;

namespace Holdfast.Transport.Channels;

/// <summary>A TCP connection, encrypted or not.</summary>
internal sealed class SocketChannel : NetworkChannel
{
    /// <summary>What is encrypted and sent at once; smaller segments would be a record, and a system call, each.</summary>
    private const int TlsWriteBytes = 32 * 1024;

    /// <summary>What is received and decrypted before anything of it is handled, as over plain TCP.</summary>
    private const int TlsReadBytes = SocketReader.LargeBytes;

    private readonly DirectConnection _connection;
    private readonly SslStream? _tls;

    /// <param name="connection">The connection.</param>
    /// <param name="tls">What encrypts it, after the handshake; null when nothing does.</param>
    public SocketChannel(DirectConnection connection, SslStream? tls)
    {
        _connection = connection;
        _tls = tls;
        if (_tls is null)
        {
            (Input, Output) = (connection.Transport.Input, connection.Transport.Output);
            return;
        }

        Input = PipeReader.Create(
            new RecordStream(_tls, connection), new StreamPipeReaderOptions(bufferSize: TlsReadBytes, minimumReadSize: TlsReadBytes / 4, leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(_tls, new StreamPipeWriterOptions(minimumBufferSize: TlsWriteBytes, leaveOpen: true));
    }

    public override PipeReader Input { get; }

    public override PipeWriter Output { get; }

    public override string Remote => _connection.RemoteEndPoint?.ToString() ?? "unknown";

    public override IPAddress? Address => (_connection.RemoteEndPoint as IPEndPoint)?.Address;

    public override X509Certificate2? Certificate => _tls?.RemoteCertificate as X509Certificate2;

    public override IReadOnlyList<byte[]> Intermediates => _tls is null ? [] : _connection.Features.Get<ShownChain>()?.Certificates ?? [];

    public override async Task EndSendingAsync()
    {
        try
        {
            if (_tls is not null)
            {
                await _tls.ShutdownAsync().ConfigureAwait(false);
            }

            _connection.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or IOException or InvalidOperationException)
        {
            // The peer was faster.
        }
    }

    public override void Abort(string reason) => _connection.Abort(new ConnectionAbortedException(reason));
}
