using System.Text;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Holdfast.Status.Watching;

/// <summary>What synthetic devices have in common: they speak MQTT 3.1.1, which is what every broker speaks, and a refusal is an exception.</summary>
internal static class MqttClients
{
    private const int KeepAliveSeconds = 60;

    /// <summary>So long an answer that nobody waits for may take.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(KeepAliveSeconds);

    /// <summary>Connects a client.</summary>
    /// <param name="client">The client.</param>
    /// <param name="address">Where to; user and password in it are used.</param>
    /// <param name="clientId">Its client identifier.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="StepFailedException">It is refused.</exception>
    public static async Task ConnectAsync(this IMqttClient client, Uri address, string clientId, CancellationToken cancellationToken)
    {
        MqttClientConnectResult result = await client.ConnectAsync(Options(address, clientId), cancellationToken).ConfigureAwait(false);
        if (result.ResultCode != MqttClientConnectResultCode.Success)
        {
            throw new StepFailedException($"refused: {result.ResultCode}");
        }
    }

    /// <summary>Subscribes with QoS 1.</summary>
    /// <exception cref="StepFailedException">It is refused.</exception>
    public static async Task SubscribeOnceAsync(this IMqttClient client, string filter, CancellationToken cancellationToken)
    {
        MqttClientSubscribeResult result = await client.SubscribeAsync(filter, MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken).ConfigureAwait(false);
        if (result.Items.Any(item => (int)item.ResultCode >= 0x80))
        {
            throw new StepFailedException($"refused: {result.Items.First().ResultCode}");
        }
    }

    /// <summary>Publishes with QoS 1, and waits for the acknowledgement.</summary>
    /// <exception cref="StepFailedException">It is refused.</exception>
    public static async Task PublishTextAsync(this IMqttClient client, string topic, string text, CancellationToken cancellationToken)
    {
        MqttApplicationMessage message = new MqttApplicationMessageBuilder()
            .WithTopic(topic).WithPayload(Encoding.UTF8.GetBytes(text)).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
        MqttClientPublishResult result = await client.PublishAsync(message, cancellationToken).ConfigureAwait(false);
        if (!result.IsSuccess)
        {
            throw new StepFailedException($"refused: {result.ReasonCode}");
        }
    }

    /// <summary>The same for an answer that nobody waits for here: one that cannot be given is told by the step that waits for it.</summary>
    public static async Task TryPublishTextAsync(this IMqttClient client, string topic, string text)
    {
        try
        {
            using var limit = new CancellationTokenSource(AnswerLimit);
            await client.PublishTextAsync(topic, text, limit.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a client library throws: the answer does not come, and that is the finding.
        catch (Exception)
#pragma warning restore CA1031
        {
            // Told by the step that waits for it.
        }
    }

    private static MqttClientOptions Options(Uri address, string clientId)
    {
        MqttClientOptionsBuilder builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithClientId(clientId)
            .WithCleanSession()
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(KeepAliveSeconds));
        if (address.UserInfo.Length > 0)
        {
            string[] parts = address.UserInfo.Split(':', 2);
            builder.WithCredentials(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        }

        if (address.Scheme is "ws" or "wss")
        {
            var url = new UriBuilder(address) { UserName = "", Password = "", Path = address.AbsolutePath == "/" ? "/mqtt" : address.AbsolutePath };
            builder.WithWebSocketServer(socket => socket.WithUri(url.Uri.ToString()));
        }
        else
        {
            int port = address.Port > 0 ? address.Port : address.Scheme == "mqtts" ? 8883 : 1883;
            builder.WithTcpServer(address.Host, port);
        }

        if (address.Scheme is "mqtts" or "wss")
        {
            builder.WithTlsOptions(tls => tls.UseTls().WithTargetHost(address.Host));
        }

        return builder.Build();
    }
}
