using System.Buffers;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Channel;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;

namespace Holdfast.Integrations.Bridges.Connecting;

/// <summary>Lets the MQTT client use a stream that is dialled here. One reader and one writer at a time.</summary>
internal sealed class BridgeChannel(BridgeDialer dialer) : IMqttChannel
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;
    private Stream? _stream;

    public X509Certificate2? ClientCertificate => null;

    public EndPoint? RemoteEndPoint => null;

    public EndPoint? LocalEndPoint => null;

    public bool IsSecureConnection => dialer.Url.IsSecure;

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            _stream = await dialer.DialAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new MqttCommunicationException(exception);
        }
    }

    public Task DisconnectAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            _end = await FillAsync(cancellationToken).ConfigureAwait(false);
            _start = 0;
        }

        var read = Math.Min(count, _end - _start);
        _buffer.AsSpan(_start, read).CopyTo(buffer.AsSpan(offset));
        _start += read;
        return read;
    }

    public async Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken)
    {
        if (_stream is not { } stream)
        {
            throw new MqttCommunicationException("The connection is closed.");
        }

        if (buffer.IsSingleSegment)
        {
            await stream.WriteAsync(buffer.First, cancellationToken).ConfigureAwait(false);
            return;
        }

        // One write for a packet of several parts: else TLS and WebSocket make a frame for each.
        var length = (int)buffer.Length;
        var whole = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            buffer.CopyTo(whole);
            await stream.WriteAsync(whole.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    public void Dispose() => Interlocked.Exchange(ref _stream, null)?.Dispose();

    /// <summary>
    /// Sockets complete inline in this process, so bytes arrive on a thread that serves devices. Nothing but the hop to the pool may run there.
    /// </summary>
    private async Task<int> FillAsync(CancellationToken cancellationToken)
    {
        if (_stream is not { } stream)
        {
            return 0;
        }

        var reading = stream.ReadAsync(_buffer, cancellationToken).AsTask();
        await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Yield();
        return await reading.ConfigureAwait(false);
    }

    /// <summary>Makes the channel of a client. The client's own channel options are only a form.</summary>
    internal sealed class Factory(BridgeDialer dialer) : IMqttClientAdapterFactory
    {
        public IMqttChannelAdapter CreateClientAdapter(MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger logger)
        {
            var formatter = new MqttPacketFormatterAdapter(options.ProtocolVersion, new MqttBufferWriter(options.WriterBufferSize, options.WriterBufferSizeMax));
            return new MqttChannelAdapter(new BridgeChannel(dialer), formatter, logger) { AllowPacketFragmentation = false, PacketInspector = packetInspector };
        }
    }
}
