namespace Holdfast.Mqtt.Packets;

/// <summary>
/// A PUBLISH, read or to be written, without a copy: spans point into the caller's memory. Decoding allocates nothing.
/// </summary>
public ref struct PublishPacket
{
    /// <summary>The topic name in UTF-8. May be empty in MQTT 5 when <see cref="TopicAlias"/> is given.</summary>
    public ReadOnlySpan<byte> Topic { get; set; }

    /// <summary>The application message.</summary>
    public ReadOnlySpan<byte> Payload { get; set; }

    /// <summary>
    /// MQTT 5 properties that are forwarded unchanged (payload format indicator, content type, response topic, correlation data, user
    /// properties), encoded as on the wire, without the length. After decoding, when <see cref="PropertiesNeedFiltering"/> is set, it holds all
    /// the properties; <see cref="PropertyFilter.CopyForwardable"/> then makes the forwardable ones.
    /// </summary>
    public ReadOnlySpan<byte> Properties { get; set; }

    /// <summary>After decoding: <see cref="Properties"/> also holds properties that are not forwarded unchanged (alias, expiry, subscription identifiers).</summary>
    public bool PropertiesNeedFiltering { get; set; }

    /// <summary>Subscription identifiers to write, server to client. Not filled by decoding.</summary>
    public ReadOnlySpan<uint> SubscriptionIdentifiers { get; set; }

    /// <summary>The message expiry interval in seconds, or null.</summary>
    public uint? MessageExpirySeconds { get; set; }

    /// <summary>The packet identifier; 0 at QoS 0.</summary>
    public ushort PacketId { get; set; }

    /// <summary>The topic alias; 0 for none.</summary>
    public ushort TopicAlias { get; set; }

    /// <summary>The quality of service.</summary>
    public QualityOfService QualityOfService { get; set; }

    /// <summary>The DUP flag.</summary>
    public bool Duplicate { get; set; }

    /// <summary>The RETAIN flag.</summary>
    public bool Retain { get; set; }
}
