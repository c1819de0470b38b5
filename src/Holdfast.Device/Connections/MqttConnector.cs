using System.Globalization;
using System.Text;
using Holdfast.Device.Dialing;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;

namespace Holdfast.Device.Connections;

/// <summary>Connects with MQTT 5 over TCP, TLS or WebSocket.</summary>
internal sealed class MqttConnector(DeviceOptions options, TrafficCounter traffic, CloudClock clock, IReadOnlyList<IMessageReceiver> receivers) : ICloudConnector
{
    /// <summary>A user property of CONNACK and DISCONNECT: how many seconds to stay away.</summary>
    public const string RetryAfterProperty = "hf-retry-after";

    /// <summary>A user property of CONNACK: the version of the batch format that is unpacked.</summary>
    public const string BatchProperty = "hf-batch";

    /// <summary>A user property of CONNACK: the cloud's time in Unix milliseconds.</summary>
    public const string TimeProperty = "hf-time";

    /// <summary>A user property of CONNACK: the version of the receipts that are given.</summary>
    public const string ReceiptsProperty = "hf-receipts";

    private const string BatchVersion = "1";
    private const string ReceiptsVersion = "1";
    private const ushort MaximumUnansweredCommands = 16;

    private readonly EndpointDialer _dialer = new(options, traffic);
    private readonly MqttClientFactory _factory = new();

    public async Task<ICloudConnection> ConnectAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        var channels = new StreamChannel.Factory(_dialer, endpoint);
        var client = _factory.CreateMqttClient(channels);
        var connection = new MqttConnection(client, options, receivers, () => channels.ServerReference);
        try
        {
            var asked = clock.Ask();
            var result = await client.ConnectAsync(BuildOptions(endpoint), cancellationToken).ConfigureAwait(false);
            if (result.ResultCode == MqttClientConnectResultCode.Success)
            {
                traffic.AddConnection();
                clock.Answered(asked, Read(result.UserProperties, TimeProperty));
                connection.Accept(result, Read(result.UserProperties, BatchProperty) == BatchVersion, Read(result.UserProperties, ReceiptsProperty) == ReceiptsVersion);
                await connection.SubscribeAsync(cancellationToken).ConfigureAwait(false);
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

    /// <summary>How long the cloud asks to stay away.</summary>
    public static TimeSpan? ReadSlot(IReadOnlyList<MqttUserProperty>? properties)
        => double.TryParse(Read(properties, RetryAfterProperty), CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 86_400
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static string? Read(IReadOnlyList<MqttUserProperty>? properties, string name)
        => properties?.FirstOrDefault(p => p.Name == name) is { } found ? Encoding.UTF8.GetString(found.ValueBuffer.Span) : null;

    private MqttClientOptions BuildOptions(Uri endpoint)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTcpServer(endpoint.Host) // a form: the channel dials by itself
            .WithClientId(options.DeviceId)
            .WithCleanStart(options.SessionExpiry == TimeSpan.Zero)
            .WithSessionExpiryInterval((uint)options.SessionExpiry.TotalSeconds)
            .WithReceiveMaximum(MaximumUnansweredCommands)
            .WithTimeout(options.AckDeadline)
            .WithKeepAlivePeriod(options.KeepAlive);
        if (options.UserName is { } user)
        {
            builder.WithCredentials(user, options.Password is { } password ? Encoding.UTF8.GetBytes(password) : null);
        }

        return builder.Build();
    }
}
