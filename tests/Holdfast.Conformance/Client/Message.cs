using System.Text;
using Holdfast.Mqtt;

namespace Holdfast.Conformance.Client;

/// <summary>A message to publish.</summary>
public sealed record Message(string Topic, byte[] Payload, QualityOfService Quality = QualityOfService.AtMostOnce)
{
    public Message(string topic, string payload, QualityOfService quality = QualityOfService.AtMostOnce)
        : this(topic, Encoding.UTF8.GetBytes(payload), quality)
    {
    }

    public bool Retain { get; init; }

    public bool Duplicate { get; init; }

    public uint? ExpirySeconds { get; init; }

    public ushort TopicAlias { get; init; }

    /// <summary>Forwardable properties as on the wire.</summary>
    public byte[] Properties { get; init; } = [];
}
