using System.Text;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Client;

/// <summary>A packet as it came.</summary>
/// <param name="Type">The type.</param>
/// <param name="Flags">The low four bits of its first byte.</param>
/// <param name="Body">What follows the fixed header.</param>
/// <param name="Length">All its bytes, with the fixed header.</param>
public sealed record ReceivedPacket(PacketType Type, byte Flags, byte[] Body, int Length)
{
    public override string ToString() => $"{Type} {Convert.ToHexString(Body)}";
}

/// <summary>A PUBLISH that came, copied out of the connection's buffer.</summary>
public sealed record ReceivedPublish(
    string Topic, byte[] Bytes, QualityOfService Quality, ushort PacketId, bool Duplicate, bool Retain, uint? ExpirySeconds, byte[] Properties,
    ushort TopicAlias)
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
