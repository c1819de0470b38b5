using System.Security.Authentication;
using System.Text;
using Holdfast.Server.CommandLine;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;

namespace Holdfast.Server.Clients;

/// <summary>The connection of <c>pub</c> or <c>sub</c>: says in one line why it failed.</summary>
/// <param name="options">How to connect.</param>
/// <param name="terminal">The standard streams.</param>
internal sealed class ClientConnection(ClientOptions options, Terminal terminal) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>The client.</summary>
    public IMqttClient Client { get; } = new MqttClientFactory().CreateMqttClient();

    /// <summary>Connects.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <param name="isAgain">Whether this is a repeated attempt, whose failure only <c>-d</c> shows.</param>
    /// <returns>0, or the exit code: the reason code of the CONNACK as mosquitto's clients give it, or 1 without one.</returns>
    public async Task<int> ConnectAsync(CancellationToken cancellationToken, bool isAgain = false)
    {
        Action<string> complain = isAgain ? Debug : Warn;
        if (Carriage.Problem(options) is { } problem)
        {
            Warn(problem);
            return ExitCodes.Failure;
        }

        if (options.Insecure && !isAgain)
        {
            Warn("--insecure takes any certificate: whoever is in between can read and change everything.");
        }

        Debug($"CONNECT {options.ClientId} to {options.Host}:{options.Port}");
        try
        {
            MqttClientConnectResult result = await Client.ConnectAsync(BuildOptions(), cancellationToken);
            Debug($"CONNACK {result.ResultCode}, session present: {result.IsSessionPresent}");
            if (result.ResultCode == MqttClientConnectResultCode.Success)
            {
                return ExitCodes.Success;
            }

            complain($"{options.Host}:{options.Port} refused the connection: {result.ResultCode}{Because(result.ReasonString)}");
            return (int)result.ResultCode;
        }
        catch (MqttCommunicationException exception)
        {
            if (exception.GetBaseException() is AuthenticationException)
            {
                complain($"cannot connect to {options.Host}:{options.Port}: its certificate is not trusted here, or is for another name. Name the one to trust with --ca FILE.");
                return ExitCodes.Failure;
            }

            string reason = (exception.GetBaseException().Message is { Length: > 0 } text ? text : exception.Message).TrimEnd('.');
            complain($"cannot connect to {options.Host}:{options.Port}: {reason}. Does the broker run there, and does it speak MQTT {(options.Version == MqttProtocolVersion.V500 ? "5" : "3.1.1")}?");
            return ExitCodes.Failure;
        }
    }

    /// <summary>Disconnects in order.</summary>
    public async Task DisconnectAsync()
    {
        if (!Client.IsConnected)
        {
            return;
        }

        var disconnect = new MqttClientDisconnectOptions();
        PacketProperties.Apply(options.Properties, disconnect);
        Debug("DISCONNECT");
        try
        {
            await Client.DisconnectAsync(disconnect, CancellationToken.None);
        }
        catch (MqttCommunicationException exception)
        {
            Debug($"DISCONNECT was not sent: {exception.Message}");
        }
    }

    /// <summary>Tells a step when <c>-d</c> asks for it.</summary>
    /// <param name="step">The step.</param>
    public void Debug(string step)
    {
        if (options.Debug)
        {
            terminal.Error.WriteLine(step);
        }
    }

    /// <summary>Tells what went wrong, unless <c>--quiet</c>.</summary>
    /// <param name="message">A sentence.</param>
    public void Warn(string message)
    {
        if (!options.Quiet)
        {
            terminal.Error.WriteLine($"holdfast: {message}");
        }
    }

    /// <summary>A reason string as the end of a sentence.</summary>
    /// <param name="reason">The broker's words, or empty.</param>
    public static string Because(string? reason) => string.IsNullOrEmpty(reason) ? "." : $": {reason.TrimEnd('.')}.";

    /// <inheritdoc/>
    public void Dispose() => Client.Dispose();

    private MqttClientOptions BuildOptions()
    {
        MqttClientOptionsBuilder builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(options.Version)
            .WithClientId(options.ClientId)
            .WithCleanStart(options.CleanStart)
            .WithTimeout(Timeout)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(options.KeepAliveSeconds));
        if (options.Version == MqttProtocolVersion.V500)
        {
            builder.WithSessionExpiryInterval(options.SessionExpirySeconds);
        }

        if (options.UserName is not null)
        {
            builder.WithCredentials(options.UserName, options.Password is null ? null : Encoding.UTF8.GetBytes(options.Password));
        }

        if (options.Will is { } will)
        {
            builder.WithWillTopic(will.Topic).WithWillPayload(will.Payload).WithWillQualityOfServiceLevel(will.QualityOfService).WithWillRetain(will.Retain);
        }

        Carriage.Apply(options, builder);
        MqttClientOptions built = builder.Build();
        PacketProperties.Apply(options.Properties, built);
        return built;
    }
}
