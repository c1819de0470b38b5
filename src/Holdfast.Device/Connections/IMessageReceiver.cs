using MQTTnet;

namespace Holdfast.Device.Connections;

/// <summary>Takes the messages that the cloud sends to the device.</summary>
internal interface IMessageReceiver
{
    /// <summary>What is subscribed to; null for nothing.</summary>
    string? Filter { get; }

    /// <summary>Whether only a cloud that gives receipts is asked for it.</summary>
    bool NeedsReceipts => false;

    /// <summary>Deals with a message; it is acknowledged afterwards.</summary>
    /// <returns>The answer to publish, or null.</returns>
    Task<MqttApplicationMessage?> ReceiveAsync(MqttApplicationMessage message);
}
