using System.Buffers;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;
using MQTTnet;

namespace Holdfast.Device.Receipts;

/// <summary>Takes the receipts of the cloud's integrations, <c>devices/{id}/receipts/{integration}</c>, to the outbox.</summary>
internal sealed class ReceiptReceiver(DeviceOptions options, EventOutbox outbox) : IMessageReceiver
{
    private readonly string _prefix = $"devices/{options.DeviceId}/receipts/";

    public string? Filter => options.Receipts ? $"{_prefix}+" : null;

    public bool NeedsReceipts => true;

    public async Task<MqttApplicationMessage?> ReceiveAsync(MqttApplicationMessage message)
    {
        if (message.Topic.StartsWith(_prefix, StringComparison.Ordinal))
        {
            await outbox.TakeReceiptsAsync(message.Topic[_prefix.Length..], message.Payload.ToArray()).ConfigureAwait(false);
        }

        return null;
    }
}
