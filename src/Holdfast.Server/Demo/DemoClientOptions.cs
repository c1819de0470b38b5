using System.Globalization;
using System.Text;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Packets;

namespace Holdfast.Server.Demo;

/// <summary>What the demonstration's MQTT clients have in common.</summary>
internal static class DemoClientOptions
{
    /// <summary>A publisher's random outbox id.</summary>
    public const string StreamProperty = "hf-stream";

    /// <summary>The sequence within the stream.</summary>
    public const string SequenceProperty = "hf-seq";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>How to connect.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="clientId">The client identifier.</param>
    /// <param name="sessionExpirySeconds">How long the session outlives the connection; 0 begins a clean one.</param>
    public static MqttClientOptions Connect(Uri broker, string clientId, uint sessionExpirySeconds) => new MqttClientOptionsBuilder()
        .WithTcpServer(broker.Host, broker.Port)
        .WithProtocolVersion(MqttProtocolVersion.V500)
        .WithClientId(clientId)
        .WithCleanStart(sessionExpirySeconds == 0)
        .WithSessionExpiryInterval(sessionExpirySeconds)
        .WithTimeout(Timeout)
        .Build();

    /// <summary>The properties that name an event.</summary>
    /// <param name="key">The event.</param>
    public static List<MqttUserProperty> Name(EventKey key) =>
    [
        new(StreamProperty, Encoding.UTF8.GetBytes(key.Stream).AsMemory()),
        new(SequenceProperty, Encoding.UTF8.GetBytes(key.Sequence.ToString(CultureInfo.InvariantCulture)).AsMemory()),
    ];

    /// <summary>The name that properties give an event, or null.</summary>
    /// <param name="properties">The user properties, or null.</param>
    public static EventKey? Find(IReadOnlyList<MqttUserProperty>? properties)
    {
        string? stream = Text(properties, StreamProperty);
        return stream is not null && ulong.TryParse(Text(properties, SequenceProperty), out ulong sequence) ? new EventKey(stream, sequence) : null;
    }

    private static string? Text(IReadOnlyList<MqttUserProperty>? properties, string name)
        => properties?.FirstOrDefault(property => property.Name == name) is { } found ? Encoding.UTF8.GetString(found.ValueBuffer.Span) : null;
}
