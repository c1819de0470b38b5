namespace Holdfast.Mqtt;

/// <summary>The protocol level a client names in CONNECT [MQTT-3.1.2-2].</summary>
public enum ProtocolVersion : byte
{
    /// <summary>MQTT 3.1.1.</summary>
    Mqtt311 = 4,

    /// <summary>MQTT 5.0.</summary>
    Mqtt5 = 5,
}

/// <summary>Quality of service.</summary>
public enum QualityOfService : byte
{
    /// <summary>QoS 0.</summary>
    AtMostOnce = 0,

    /// <summary>QoS 1.</summary>
    AtLeastOnce = 1,

    /// <summary>QoS 2.</summary>
    ExactlyOnce = 2,
}

/// <summary>The type of a control packet (MQTT 5, 2.1.2).</summary>
public enum PacketType : byte
{
    /// <summary>CONNECT.</summary>
    Connect = 1,

    /// <summary>CONNACK.</summary>
    ConnAck = 2,

    /// <summary>PUBLISH.</summary>
    Publish = 3,

    /// <summary>PUBACK.</summary>
    PubAck = 4,

    /// <summary>PUBREC.</summary>
    PubRec = 5,

    /// <summary>PUBREL.</summary>
    PubRel = 6,

    /// <summary>PUBCOMP.</summary>
    PubComp = 7,

    /// <summary>SUBSCRIBE.</summary>
    Subscribe = 8,

    /// <summary>SUBACK.</summary>
    SubAck = 9,

    /// <summary>UNSUBSCRIBE.</summary>
    Unsubscribe = 10,

    /// <summary>UNSUBACK.</summary>
    UnsubAck = 11,

    /// <summary>PINGREQ.</summary>
    PingReq = 12,

    /// <summary>PINGRESP.</summary>
    PingResp = 13,

    /// <summary>DISCONNECT.</summary>
    Disconnect = 14,

    /// <summary>AUTH, MQTT 5 only.</summary>
    Auth = 15,
}
