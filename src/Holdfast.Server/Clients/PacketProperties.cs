using System.Text;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Holdfast.Server.Clients;

/// <summary>Puts the properties given with <c>-D</c> into the packets they are for.</summary>
internal static class PacketProperties
{
    /// <summary>CONNECT and its will.</summary>
    public static void Apply(IEnumerable<CommandProperty> properties, MqttClientOptions options)
    {
        foreach (CommandProperty property in properties)
        {
            if (property.Command == "connect")
            {
                ApplyConnect(property, options);
            }
            else if (property.Command == "will")
            {
                ApplyWill(property, options);
            }
        }
    }

    /// <summary>PUBLISH.</summary>
    public static void Apply(IEnumerable<CommandProperty> properties, MqttApplicationMessage message)
    {
        foreach (CommandProperty property in properties.Where(property => property.Command == "publish"))
        {
            switch (property.Identifier)
            {
                case "content-type": message.ContentType = property.Value; break;
                case "correlation-data": message.CorrelationData = Encoding.UTF8.GetBytes(property.Value); break;
                case "message-expiry-interval": message.MessageExpiryInterval = property.Number; break;
                case "payload-format-indicator": message.PayloadFormatIndicator = (MqttPayloadFormatIndicator)property.Number; break;
                case "response-topic": message.ResponseTopic = property.Value; break;
                case "topic-alias": message.TopicAlias = (ushort)property.Number; break;
                default: (message.UserProperties ??= []).Add(User(property)); break;
            }
        }
    }

    /// <summary>SUBSCRIBE.</summary>
    public static void Apply(IEnumerable<CommandProperty> properties, MqttClientSubscribeOptions options)
    {
        foreach (CommandProperty property in properties.Where(property => property.Command == "subscribe"))
        {
            if (property.Identifier == "subscription-identifier")
            {
                options.SubscriptionIdentifier = property.Number;
            }
            else
            {
                (options.UserProperties ??= []).Add(User(property));
            }
        }
    }

    /// <summary>UNSUBSCRIBE.</summary>
    public static void Apply(IEnumerable<CommandProperty> properties, MqttClientUnsubscribeOptions options)
    {
        foreach (CommandProperty property in properties.Where(property => property.Command == "unsubscribe"))
        {
            (options.UserProperties ??= []).Add(User(property));
        }
    }

    /// <summary>DISCONNECT.</summary>
    public static void Apply(IEnumerable<CommandProperty> properties, MqttClientDisconnectOptions options)
    {
        foreach (CommandProperty property in properties.Where(property => property.Command == "disconnect"))
        {
            if (property.Identifier == "session-expiry-interval")
            {
                options.SessionExpiryInterval = property.Number;
            }
            else
            {
                (options.UserProperties ??= []).Add(User(property));
            }
        }
    }

    private static void ApplyConnect(CommandProperty property, MqttClientOptions options)
    {
        switch (property.Identifier)
        {
            case "maximum-packet-size": options.MaximumPacketSize = property.Number; break;
            case "receive-maximum": options.ReceiveMaximum = (ushort)property.Number; break;
            case "request-problem-information": options.RequestProblemInformation = property.Number != 0; break;
            case "request-response-information": options.RequestResponseInformation = property.Number != 0; break;
            case "session-expiry-interval": options.SessionExpiryInterval = property.Number; break;
            case "topic-alias-maximum": options.TopicAliasMaximum = (ushort)property.Number; break;
            default: (options.UserProperties ??= []).Add(User(property)); break;
        }
    }

    private static void ApplyWill(CommandProperty property, MqttClientOptions options)
    {
        switch (property.Identifier)
        {
            case "content-type": options.WillContentType = property.Value; break;
            case "correlation-data": options.WillCorrelationData = Encoding.UTF8.GetBytes(property.Value); break;
            case "message-expiry-interval": options.WillMessageExpiryInterval = property.Number; break;
            case "payload-format-indicator": options.WillPayloadFormatIndicator = (MqttPayloadFormatIndicator)property.Number; break;
            case "response-topic": options.WillResponseTopic = property.Value; break;
            case "will-delay-interval": options.WillDelayInterval = property.Number; break;
            default: (options.WillUserProperties ??= []).Add(User(property)); break;
        }
    }

    private static MqttUserProperty User(CommandProperty property) => new(property.Value, Encoding.UTF8.GetBytes(property.UserValue).AsMemory());
}
