namespace Holdfast.Mqtt.Wire;

/// <summary>The bits of the connect flags (MQTT 5, 3.1.2.3).</summary>
internal static class ConnectFlags
{
    public const byte Reserved = 0x01;
    public const byte CleanStart = 0x02;
    public const byte Will = 0x04;
    public const byte WillQualityOfService = 0x18;
    public const int WillQualityOfServiceShift = 3;
    public const byte WillRetain = 0x20;
    public const byte Password = 0x40;
    public const byte UserName = 0x80;
}
