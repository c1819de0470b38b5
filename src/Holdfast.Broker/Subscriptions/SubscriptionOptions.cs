using Holdfast.Mqtt;

namespace Holdfast.Broker.Subscriptions;

/// <summary>The options of a subscription (MQTT 5, 3.8.3.1).</summary>
/// <param name="QualityOfService">The highest quality of service the subscriber wants.</param>
/// <param name="NoLocal">Do not send back what the subscriber itself published [MQTT-3.8.3-3].</param>
/// <param name="RetainAsPublished">Keep the RETAIN flag as published [MQTT-3.3.1-13].</param>
/// <param name="RetainHandling">Whether retained messages are sent when the subscription is made.</param>
public readonly record struct SubscriptionOptions(
    QualityOfService QualityOfService,
    bool NoLocal = false,
    bool RetainAsPublished = false,
    RetainHandling RetainHandling = RetainHandling.Send)
{
    private const int QualityOfServiceMask = 0b0000_0011;
    private const int NoLocalBit = 0b0000_0100;
    private const int RetainAsPublishedBit = 0b0000_1000;
    private const int RetainHandlingShift = 4;

    /// <summary>The options byte as in SUBSCRIBE, and as it is stored.</summary>
    public byte ToByte()
        => (byte)((int)QualityOfService
            | (NoLocal ? NoLocalBit : 0)
            | (RetainAsPublished ? RetainAsPublishedBit : 0)
            | ((int)RetainHandling << RetainHandlingShift));

    /// <summary>Reads an options byte.</summary>
    /// <param name="value">The byte.</param>
    /// <param name="options">The options, when the byte is valid.</param>
    /// <returns>False for a quality of service or retain handling of 3 and for reserved bits [MQTT-3.8.3-5].</returns>
    public static bool TryFromByte(byte value, out SubscriptionOptions options)
    {
        var qualityOfService = value & QualityOfServiceMask;
        var retainHandling = value >> RetainHandlingShift;
        options = new SubscriptionOptions(
            (QualityOfService)qualityOfService,
            (value & NoLocalBit) != 0,
            (value & RetainAsPublishedBit) != 0,
            (RetainHandling)retainHandling);
        return qualityOfService <= (int)QualityOfService.ExactlyOnce && retainHandling <= (int)RetainHandling.DoNotSend;
    }
}

/// <summary>Whether retained messages are sent when a subscription is made. The values are the protocol's.</summary>
public enum RetainHandling : byte
{
    /// <summary>At every SUBSCRIBE [MQTT-3.3.1-9].</summary>
    Send = 0,

    /// <summary>Only when there was no such subscription before [MQTT-3.3.1-10].</summary>
    SendIfNew = 1,

    /// <summary>Never [MQTT-3.3.1-11].</summary>
    DoNotSend = 2,
}
