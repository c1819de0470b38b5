using System.Buffers;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Channel;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;

namespace Holdfast.Device.Dialing;

/// <summary>Lets the MQTT client use a stream that is dialled here.</summary>
internal sealed class StreamChannel(EndpointDialer dialer, Uri endpoint) : IMqttChannel
{
    private Stream? _stream;

    public X509Certificate2? ClientCertificate => null;

    public EndPoint? RemoteEndPoint => null;

    public EndPoint? LocalEndPoint => null;

    public bool IsSecureConnection => EndpointDialer.IsSecure(endpoint);

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            _stream = await dialer.DialAsync(endpoint, cancellationToken).ConfigureAwait(false);
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
        => _stream is { } stream ? await stream.ReadAsync(buffer.AsMemory(offset, count), cancellationToken).ConfigureAwait(false) : 0;

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

    /// <summary>Makes the channel of a client. The client's own channel options are only a form.</summary>
    internal sealed class Factory(EndpointDialer dialer, Uri endpoint) : IMqttClientAdapterFactory
    {
        /// <summary>The Server Reference of a DISCONNECT, or null.</summary>
        public string? ServerReference { get; private set; }

        public IMqttChannelAdapter CreateClientAdapter(MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger logger)
        {
            var formatter = new MqttPacketFormatterAdapter(options.ProtocolVersion, new MqttBufferWriter(options.WriterBufferSize, options.WriterBufferSizeMax));
            var adapter = new MqttChannelAdapter(new StreamChannel(dialer, endpoint), formatter, logger) { AllowPacketFragmentation = false, PacketInspector = packetInspector };
            return new ReferenceListener(adapter, reference => ServerReference = reference);
        }
    }
}
