using System.Text;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Client;

/// <summary>A packet as it came.</summary>
public sealed record ReceivedPacket(PacketType Type, byte Flags, byte[] Body);

/// <summary>A PUBLISH that came, copied out of the connection's buffer.</summary>
public sealed record ReceivedPublish(
    string Topic, byte[] Bytes, QualityOfService Quality, ushort PacketId, bool Duplicate, bool Retain, uint? ExpirySeconds, byte[] Properties)
{
    /// <summary>The payload as text.</summary>
    public string Payload => Encoding.UTF8.GetString(Bytes);

    /// <summary>The user properties, in order.</summary>
    public IReadOnlyList<UserProperty> UserProperties => PropertyFilter.GetUserProperties(Properties);

    /// <summary>The subscription identifiers, in order of size.</summary>
    public IReadOnlyList<uint> SubscriptionIdentifiers => [.. PropertyFilter.GetSubscriptionIdentifiers(Properties).Order()];

    /// <summary>A property that is a string or binary data.</summary>
    public byte[]? Property(byte identifier) => PropertyFilter.TryGetBytes(Properties, identifier, out var value) ? value.ToArray() : null;
}
