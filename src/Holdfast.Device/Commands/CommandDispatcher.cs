using System.Buffers;
using System.Text;
using System.Text.Json;
using Holdfast.Device.Connections;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Holdfast.Device.Commands;

/// <summary>
/// Gives each command to its handler and makes the answer: for MQTT 5 to the response topic with the correlation data; else, when the topic is
/// <c>devices/{id}/commands/{name}/{request id}</c>, to <c>devices/{id}/replies/{request id}</c>.
/// </summary>
internal sealed class CommandDispatcher(DeviceOptions options, ILogger logger, CancellationToken ending) : IMessageReceiver
{
    /// <summary>A user property of an answer that tells a failure.</summary>
    public const string ErrorProperty = "hf-error";

    private const string ProblemType = "application/problem+json";

    private readonly string _prefix = $"devices/{options.DeviceId}/commands/";

    public string? Filter => options.Commands.Count == 0 ? null : $"{_prefix}#";

    public async Task<MqttApplicationMessage?> ReceiveAsync(MqttApplicationMessage message)
    {
        if (!message.Topic.StartsWith(_prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var (name, requestId) = Split(message.Topic[_prefix.Length..], message.ResponseTopic is not null);
        var (reply, isError) = await ExecuteAsync(new Command(name, message.Payload.ToArray(), message.ContentType)).ConfigureAwait(false);
        var topic = message.ResponseTopic ?? (requestId is null ? null : $"devices/{options.DeviceId}/replies/{requestId}");
        return topic is null ? null : new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new ReadOnlySequence<byte>(reply.Payload),
            ContentType = reply.ContentType,
            CorrelationData = message.CorrelationData,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            UserProperties = isError ? [new MqttUserProperty(ErrorProperty, "1"u8.ToArray().AsMemory())] : [],
        };
    }

    /// <summary>A name that is known as a whole has no request id behind it.</summary>
    private (string Name, string? RequestId) Split(string rest, bool hasResponseTopic)
    {
        var slash = rest.LastIndexOf('/');
        return hasResponseTopic || slash < 0 || options.Commands.ContainsKey(rest) ? (rest, null) : (rest[..slash], rest[(slash + 1)..]);
    }

    private async Task<(CommandReply Reply, bool IsError)> ExecuteAsync(Command command)
    {
        if (!options.Commands.TryGetValue(command.Name, out var handler))
        {
            return (Problem($"This device knows no command '{command.Name}'."), true);
        }

        try
        {
            return (await handler(command, ending).ConfigureAwait(false), false);
        }
        catch (Exception exception)
        {
            logger.LogWarning(exception, "The command {Name} failed.", command.Name);
            return (Problem(exception.Message), true);
        }
    }

    private static CommandReply Problem(string title)
        => new(Encoding.UTF8.GetBytes($$"""{"title":"{{JsonEncodedText.Encode(title)}}"}"""), ProblemType);
}
