using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Holdfast.Clients.Drivers;

/// <summary>MQTTnet, with the loop that its documentation recommends for reconnecting, and publishing again what was not acknowledged.</summary>
public sealed class MqttNetClient : ForeignClient
{
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly SemaphoreSlim _connecting = new(1);
    private MqttClientOptions? _options;
    private bool _isWanted;

    /// <inheritdoc/>
    public override async Task ConnectAsync(ClientSettings settings)
    {
        _options = Options(settings);
        _isWanted = true;
        _client.ApplicationMessageReceivedAsync += received =>
        {
            var message = received.ApplicationMessage;
            Take(new ReceivedMessage(message.Topic, message.Payload.ToArray(), (int)message.QualityOfServiceLevel, message.Retain));
            return Task.CompletedTask;
        };
        _client.DisconnectedAsync += disconnected =>
        {
            _ = Task.Run(ReconnectAsync);
            return Task.CompletedTask;
        };
        await _client.ConnectAsync(_options, TestContext.Current.CancellationToken);
    }

    /// <inheritdoc/>
    public override Task SubscribeAsync(string filter, int qualityOfService)
        => _client.SubscribeAsync(filter, (MqttQualityOfServiceLevel)qualityOfService, TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public override async Task PublishAsync(string topic, byte[] payload, int qualityOfService, bool retain = false)
    {
        var message = new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new ReadOnlySequence<byte>(payload),
            QualityOfServiceLevel = (MqttQualityOfServiceLevel)qualityOfService,
            Retain = retain,
        };
        while (true)
        {
            try
            {
                var result = await _client.PublishAsync(message, TestContext.Current.CancellationToken);
                Assert.True(result.IsSuccess, $"{result.ReasonCode}");
                return;
            }
            catch (Exception exception) when (_isWanted && (exception is MqttCommunicationException || !_client.IsConnected))
            {
                await ReconnectAsync();
            }
        }
    }

    /// <inheritdoc/>
    public override async Task DisconnectAsync()
    {
        _isWanted = false;
        await _client.DisconnectAsync(new MqttClientDisconnectOptions(), TestContext.Current.CancellationToken);
    }

    /// <inheritdoc/>
    public override Task BreakAsync() => ReleaseAsync();

    /// <inheritdoc/>
    protected override Task ReleaseAsync()
    {
        // Disposing closes the socket without a DISCONNECT.
        _isWanted = false;
        _client.Dispose();
        _connecting.Dispose();
        return Task.CompletedTask;
    }

    private static MqttClientOptions Options(ClientSettings settings)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithClientId(settings.ClientId)
            .WithProtocolVersion(settings.Version == 5 ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311)
            .WithCleanStart(settings.Clean)
            .WithTimeout(TimeSpan.FromSeconds(10));
        _ = settings.IsWebSocket
            ? builder.WithWebSocketServer(socket => socket.WithUri($"{(settings.IsTls ? "wss" : "ws")}://localhost:{settings.Port}/mqtt"))
            : builder.WithTcpServer("127.0.0.1", settings.Port);
        if (settings.IsTls)
        {
            using var trusted = X509CertificateLoader.LoadCertificateFromFile(settings.CertificateFile);
            var fingerprint = trusted.Thumbprint;
            builder.WithTlsOptions(tls => tls.UseTls().WithCertificateValidationHandler(shown => shown.Certificate.GetCertHashString() == fingerprint));
        }

        if (settings is { Clean: false, Version: 5 })
        {
            builder.WithSessionExpiryInterval(3600);
        }

        if (settings.Will is { } will)
        {
            builder.WithWillTopic(will.Topic).WithWillPayload(will.Payload).WithWillRetain(will.Retain)
                .WithWillQualityOfServiceLevel((MqttQualityOfServiceLevel)will.QualityOfService);
        }

        return builder.Build();
    }

    private async Task ReconnectAsync()
    {
        await _connecting.WaitAsync();
        try
        {
            while (_isWanted && !_client.IsConnected)
            {
                try
                {
                    await _client.ConnectAsync(_options);
                }
                catch (Exception) when (_isWanted)
                {
                    // Not back yet.
                }
            }
        }
        finally
        {
            _connecting.Release();
        }
    }
}
