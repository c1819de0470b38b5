using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Transport.Sockets;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Transport.Channels;

/// <summary>
/// MQTT in binary WebSocket messages. Packets may share messages or span them [MQTT-6.0.0-2], so the messages' borders mean nothing: what arrives goes
/// into one pipe, which the peer cannot fill beyond its limit, and each flush is a message.
/// </summary>
internal sealed class WebSocketChannel : NetworkChannel
{
    /// <summary>What is flushed at once goes out in messages of this size.</summary>
    private const int SegmentBytes = 32 * 1024;

    /// <summary>Some messages of an ordinary device.</summary>
    private const int SmallReceiveBytes = 4 * 1024;

    private readonly WebSocket _socket;
    private readonly Action _abort;
    private readonly Pipe _received;
    private Task _receiving = Task.CompletedTask;
    private bool _sentText;

    /// <param name="socket">The accepted WebSocket.</param>
    /// <param name="remote">The peer's address and its certificate.</param>
    /// <param name="intermediates">The certificates that it has shown besides (DER).</param>
    /// <param name="maximumBufferedBytes">When so much waits to be handled, the peer is not read.</param>
    /// <param name="abort">Cuts the connection below.</param>
    public WebSocketChannel(WebSocket socket, ConnectionInfo remote, IReadOnlyList<byte[]> intermediates, long maximumBufferedBytes, Action abort)
    {
        _socket = socket;
        _abort = abort;
        Remote = $"{remote.RemoteIpAddress}:{remote.RemotePort}";
        Address = remote.RemoteIpAddress;
        Certificate = remote.ClientCertificate;
        Intermediates = intermediates;
        _received = new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline,
            writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: maximumBufferedBytes,
            resumeWriterThreshold: maximumBufferedBytes / 2,
            useSynchronizationContext: false));
        Output = PipeWriter.Create(
            WebSocketStream.Create(socket, WebSocketMessageType.Binary), new StreamPipeWriterOptions(minimumBufferSize: SegmentBytes, leaveOpen: true));
    }

    public override PipeReader Input => _received.Reader;

    public override PipeWriter Output { get; }

    public override string Remote { get; }

    public override IPAddress? Address { get; }

    public override X509Certificate2? Certificate { get; }

    public override IReadOnlyList<byte[]> Intermediates { get; }

    /// <summary>Begins to receive.</summary>
    public void Start() => _receiving = ReceiveAsync();

    public override async Task EndSendingAsync()
    {
        try
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsOfTheNetwork(exception))
        {
            // The peer was faster.
        }
    }

    public override void Abort(string reason) => _abort();

    /// <summary>Ends the close handshake: tells the peer why, and reads until it has ended its side too.</summary>
    /// <param name="limit">How long the peer may take before it is cut.</param>
    /// <param name="time">The clock.</param>
    public async Task FinishAsync(TimeSpan limit, TimeProvider time)
    {
        await _received.Reader.CompleteAsync().ConfigureAwait(false);
        using var patience = new CancellationTokenSource(limit, time);
        await using (patience.Token.Register(_abort).ConfigureAwait(false))
        {
            try
            {
                if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                {
                    var (status, description) = _sentText
                        ? (WebSocketCloseStatus.InvalidMessageType, "MQTT comes in binary messages [MQTT-6.0.0-1].")
                        : (WebSocketCloseStatus.NormalClosure, null);
                    await _socket.CloseOutputAsync(status, description, CancellationToken.None).ConfigureAwait(false);
                }

                await _receiving.ConfigureAwait(false);
                var rest = new byte[1024];
                while (_socket.State == WebSocketState.CloseSent)
                {
                    await _socket.ReceiveAsync(rest.AsMemory(), CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (Exception exception) when (IsOfTheNetwork(exception))
            {
                // It has ended without the handshake.
            }
        }
    }

    private static bool IsOfTheNetwork(Exception exception)
        => exception is WebSocketException or IOException or InvalidOperationException or OperationCanceledException;

    private async Task ReceiveAsync()
    {
        var writer = _received.Writer;
        try
        {
            FlushResult flush;
            var wanted = SmallReceiveBytes;
            do
            {
                // Without a buffer first: a connection that is idle holds none.
                var received = await _socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Binary)
                {
                    var memory = writer.GetMemory(wanted);
                    received = await _socket.ReceiveAsync(memory, CancellationToken.None).ConfigureAwait(false);

                    // Filled: there is more. Each piece is handled by itself, and followed by a flush to every subscriber.
                    wanted = received.Count == memory.Length ? SocketReader.LargeBytes : SmallReceiveBytes;
                }

                if (received.MessageType != WebSocketMessageType.Binary)
                {
                    _sentText = received.MessageType == WebSocketMessageType.Text;
                    break;
                }

                writer.Advance(received.Count);
                flush = await writer.FlushAsync().ConfigureAwait(false);
            }
            while (!flush.IsCompleted);
        }
        catch (Exception exception) when (IsOfTheNetwork(exception))
        {
            // The connection has ended; the reader sees the end of the input.
        }
        finally
        {
            await writer.CompleteAsync().ConfigureAwait(false);
        }
    }
}
