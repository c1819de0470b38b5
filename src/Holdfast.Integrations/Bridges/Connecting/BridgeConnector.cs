using System.Globalization;
using System.Text;
using MQTTnet;
using MQTTnet.Formatter;

namespace Holdfast.Integrations.Bridges.Connecting;

/// <summary>Makes connections to the other broker.</summary>
internal sealed class BridgeConnector(BridgeSettings settings, string clientId, BridgeDialer dialer, TimeProvider timeProvider)
{
    private readonly MqttClientFactory _factory = new();
    private bool _hasSubscribed;

    /// <summary>Connects, and makes the subscriptions where the other broker does not have them.</summary>
    /// <exception cref="BridgeConnectException">There is no connection; the message says why.</exception>
    public async Task<BridgeConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(settings.TimeoutSeconds), timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var client = _factory.CreateMqttClient(new BridgeChannel.Factory(dialer));
        var connection = new BridgeConnection(client, settings);
        try
        {
            var result = await client.ConnectAsync(Options(cleanStart: !settings.Receives), either.Token).ConfigureAwait(false);
            if (result.ResultCode != MqttClientConnectResultCode.Success)
            {
                throw new BridgeConnectException(string.Create(
                    CultureInfo.InvariantCulture, $"{dialer.Url} refused the connection: {result.ResultCode} (0x{(int)result.ResultCode:x2}) {result.ReasonString}").TrimEnd());
            }

            connection.Accept(result);
            if (settings.Receives && (!result.IsSessionPresent || !_hasSubscribed))
            {
                await connection.SubscribeAsync(either.Token).ConfigureAwait(false);
                _hasSubscribed = true;
            }

            return connection;
        }
        catch (Exception exception)
        {
            connection.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            if (exception is BridgeConnectException || !BridgeConnection.IsOfConnection(exception))
            {
                throw;
            }

            var why = timeout.IsCancellationRequested
                ? string.Create(CultureInfo.InvariantCulture, $"no answer within {settings.TimeoutSeconds} s")
                : WhyOf(exception);
            throw new BridgeConnectException($"{dialer.Url}: {why}");
        }
    }

    /// <summary>Ends the session there, so that nothing is kept for us; for what MQTT 5 says with DISCONNECT.</summary>
    public async Task ClearSessionAsync(CancellationToken cancellationToken)
    {
        using var client = _factory.CreateMqttClient(new BridgeChannel.Factory(dialer));
        try
        {
            await client.ConnectAsync(Options(cleanStart: true), cancellationToken).ConfigureAwait(false);
            await client.DisconnectAsync(new MqttClientDisconnectOptions(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (BridgeConnection.IsOfConnection(exception))
        {
            // It cannot be told. The session ends when it expires there.
        }
    }

    private static string WhyOf(Exception exception)
    {
        // What is in front of the cause of a TLS failure says which rule was broken; the others only repeat it.
        var cause = exception.GetBaseException();
        return exception.InnerException is System.Security.Authentication.AuthenticationException untrusted && untrusted != cause
            ? $"{untrusted.Message} {cause.Message}"
            : cause.Message;
    }

    private MqttClientOptions Options(bool cleanStart)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(settings.IsVersion5 ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311)
            .WithTryPrivate(false) // A protocol level that no standard knows.
            .WithTcpServer(dialer.Url.Host, dialer.Url.Port) // A form: the channel dials by itself.
            .WithClientId(clientId)
            .WithCleanStart(cleanStart)
            .WithTimeout(TimeSpan.FromSeconds(settings.TimeoutSeconds))
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(settings.KeepAliveSeconds));
        if (settings.IsVersion5)
        {
            builder.WithSessionExpiryInterval(cleanStart ? 0 : settings.SessionExpirySeconds).WithReceiveMaximum((ushort)settings.MaxInFlight);
        }

        if (settings.Username is { } user)
        {
            builder.WithCredentials(user, settings.Password is { } password ? Encoding.UTF8.GetBytes(password) : null);
        }

        return builder.Build();
    }
}

/// <summary>There is no connection; the message says why, for an operator.</summary>
internal sealed class BridgeConnectException(string message) : IOException(message);
