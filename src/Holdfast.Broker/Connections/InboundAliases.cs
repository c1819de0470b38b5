using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Connections;

/// <summary>
/// The topic aliases that a client has set on its connection, and that end with it. Belongs to the thread that reads the connection.
/// </summary>
internal sealed class InboundAliases
{
    /// <summary>The Topic Alias Maximum that CONNACK tells.</summary>
    public const ushort Maximum = 64;

    /// <summary>The most bytes that the names of one connection take together.</summary>
    public const int MaximumBytes = 128 * 1024;

    private byte[]?[] _topics = [];
    private int _bytes;

    /// <summary>Sets the alias when there is a topic name; else puts in the name that it stands for.</summary>
    /// <param name="packet">A PUBLISH with an alias; afterwards one without.</param>
    /// <param name="reason">Why it is refused.</param>
    /// <param name="message">The same in words.</param>
    public bool TryResolve(ref PublishPacket packet, out ReasonCode reason, out string message)
    {
        var alias = packet.TopicAlias;
        packet.TopicAlias = 0;
        if (alias > Maximum)
        {
            (reason, message) = (ReasonCode.TopicAliasInvalid, $"The topic alias is {alias}; this server accepts 1 to {Maximum} [MQTT-3.3.2-9].");
            return false;
        }

        if (_topics.Length == 0)
        {
            _topics = new byte[Maximum][];
        }

        (reason, message) = (ReasonCode.Success, "");
        ref var known = ref _topics[alias - 1];
        if (packet.Topic.IsEmpty)
        {
            packet.Topic = known;
            if (known is null)
            {
                (reason, message) = (ReasonCode.ProtocolError, $"The topic alias {alias} was not set on this connection [MQTT-3.3.2-7].");
            }

            return known is not null;
        }

        if (!packet.Topic.SequenceEqual(known))
        {
            _bytes += packet.Topic.Length - (known?.Length ?? 0);
            known = packet.Topic.ToArray();
        }

        if (_bytes > MaximumBytes)
        {
            (reason, message) = (ReasonCode.QuotaExceeded, $"The topics of all aliases have more than {MaximumBytes} bytes together.");
        }

        return _bytes <= MaximumBytes;
    }
}
