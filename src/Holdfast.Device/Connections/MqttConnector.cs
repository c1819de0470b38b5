using System.Buffers;
using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Holdfast.Device.Outbox;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Holdfast.Device.Connections;

/// <summary>Connects with MQTT 5 over TCP, TLS or WebSocket.</summary>
internal sealed class MqttConnector(DeviceOptions options) : ICloudConnector
{
    /// <summary>A user property of CONNACK and DISCONNECT: how many seconds to stay away.</summary>
    public const string RetryAfterProperty = "hf-retry-after";

    private readonly MqttClientFactory _factory = new();

    public async Task<ICloudConnection> ConnectAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        var client = _factory.CreateMqttClient();
        var connection = new MqttConnection(client);
        try
        {
            var result = await client.ConnectAsync(BuildOptions(endpoint), cancellationToken).ConfigureAwait(false);
            if (result.ResultCode == MqttClientConnectResultCode.Success)
            {
                connection.ReceiveMaximum = result.ReceiveMaximum ?? ushort.MaxValue;
                return connection;
            }

            var reason = $"{endpoint} refused the connection: {result.ResultCode}. {result.ReasonString}".TrimEnd();
            throw new CloudConnectException(new ConnectionEnd(reason, ServerReference: result.ServerReference, Slot: ReadSlot(result.UserProperties)));
        }
        catch (Exception exception) when (exception is MqttCommunicationException or TimeoutException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw new CloudConnectException(new ConnectionEnd($"{endpoint} cannot be reached: {exception.GetBaseException().Message}"));
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static TimeSpan? ReadSlot(IReadOnlyList<MqttUserProperty>? properties)
        => properties?.FirstOrDefault(p => p.Name == RetryAfterProperty) is { } found
            && double.TryParse(Encoding.UTF8.GetString(found.ValueBuffer.Span), CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 86_400
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private MqttClientOptions BuildOptions(Uri endpoint)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId(options.DeviceId)
            .WithCleanStart(true)
            .WithTimeout(options.AckDeadline)
            .WithKeepAlivePeriod(options.KeepAlive);
        if (options.UserName is { } user)
        {
            builder.WithCredentials(user, options.Password is { } password ? Encoding.UTF8.GetBytes(password) : null);
        }

        var isTls = endpoint.Scheme is "mqtts" or "wss";
        if (endpoint.Scheme is "mqtt" or "mqtts")
        {
            builder.WithTcpServer(endpoint.Host, endpoint.Port > 0 ? endpoint.Port : isTls ? 8883 : 1883);
        }
        else
        {
            builder.WithWebSocketServer(socket => socket.WithUri(endpoint.ToString()));
        }

        if (isTls)
        {
            builder.WithTlsOptions(tls =>
            {
                tls.UseTls().WithTargetHost(endpoint.Host)
                    .WithCertificateValidationHandler(shown => IsTrusted(shown.Certificate, shown.Chain, shown.SslPolicyErrors));
                if (options.ClientCertificate is { } own)
                {
                    tls.WithClientCertificates([own]);
                }
            });
        }

        return builder.Build();
    }

    private bool IsTrusted(X509Certificate? certificate, X509Chain? shown, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 leaf || !(errors == SslPolicyErrors.None || IsSignedByOurs(leaf, shown, errors)))
        {
            return false;
        }

        var digest = leaf.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
        return options.PinnedCertificates.Count == 0 || options.PinnedCertificates.Contains(digest, StringComparer.OrdinalIgnoreCase);
    }

    private bool IsSignedByOurs(X509Certificate2 leaf, X509Chain? shown, SslPolicyErrors errors)
    {
        // A wrong name, or no certificate, is wrong whoever signed it.
        if (options.TrustedAuthorities is not { } trusted || errors != SslPolicyErrors.RemoteCertificateChainErrors)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ExtraStore.AddRange(shown?.ChainPolicy.ExtraStore ?? []);
        return chain.Build(leaf);
    }

    private sealed class MqttConnection : ICloudConnection
    {
        private readonly IMqttClient _client;
        private readonly TaskCompletionSource<ConnectionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public MqttConnection(IMqttClient client)
        {
            _client = client;
            client.DisconnectedAsync += OnDisconnected;
        }

        public int ReceiveMaximum { get; set; }

        public Task<ConnectionEnd> Ended => _ended.Task;

        public async Task<PublishOutcome> PublishAsync(StoredEvent stored, CancellationToken cancellationToken)
        {
            var message = new MqttApplicationMessage
            {
                Topic = stored.Topic,
                Payload = new ReadOnlySequence<byte>(stored.Payload),
                ContentType = stored.ContentType.Length > 0 ? stored.ContentType : null,
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                UserProperties =
                [
                    new("hf-stream", Encoding.UTF8.GetBytes(stored.Identity.Stream).AsMemory()),
                    new("hf-seq", Encoding.UTF8.GetBytes(stored.Identity.Sequence.ToString(CultureInfo.InvariantCulture)).AsMemory()),
                ],
            };
            try
            {
                var result = await _client.PublishAsync(message, cancellationToken).ConfigureAwait(false);
                return result.ReasonCode switch
                {
                    MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers => PublishOutcome.Stored,
                    MqttClientPublishReasonCode.TopicNameInvalid or MqttClientPublishReasonCode.PayloadFormatInvalid => PublishOutcome.Rejected,
                    _ => PublishOutcome.Failed,
                };
            }
            catch (Exception exception) when (exception is MqttCommunicationException or MqttClientDisconnectedException or MqttClientNotConnectedException
                or InvalidOperationException or OperationCanceledException or ObjectDisposedException)
            {
                return PublishOutcome.Failed;
            }
        }

        public ValueTask DisposeAsync()
        {
            // Closes the socket at once: a polite goodbye would wait for a server that does not answer.
            _client.DisconnectedAsync -= OnDisconnected;
            _client.Dispose();
            _ended.TrySetResult(new ConnectionEnd("The connection was closed here."));
            return ValueTask.CompletedTask;
        }

        private Task OnDisconnected(MqttClientDisconnectedEventArgs ended)
        {
            var isSilent = ended.Exception?.GetBaseException() is MqttCommunicationTimedOutException or OperationCanceledException or TimeoutException;
            var why = ended.ReasonString is { Length: > 0 } text ? text : ended.Exception?.GetBaseException().Message ?? ended.Reason.ToString();
            _ended.TrySetResult(new ConnectionEnd(
                isSilent ? "The keep-alive was not answered." : $"The connection was lost: {why}", isSilent, Slot: ReadSlot(ended.UserProperties)));
            return Task.CompletedTask;
        }
    }
}
