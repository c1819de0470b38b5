using System.Collections.Concurrent;
using System.Text;
using Holdfast.Broker.Connections;
using Holdfast.Broker.Sessions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Calls;

/// <summary>
/// Subscribes to the answers of all devices of a product, and gives each to the call that waits for it. It reads nothing from the log: an answer that
/// comes when nobody waits is nobody's.
/// </summary>
internal sealed class ReplyListener : LogSubscriber
{
    private const byte ContentTypeProperty = 0x03;

    private readonly ConcurrentDictionary<string, TaskCompletionSource<DeviceReply>> _waiting = [];

    public ReplyListener(byte[] productUtf8)
        : base(productUtf8)
        => BecomeLive();

    public override IReadOnlySet<ulong>? Keys => null;

    private static ReadOnlySpan<byte> ErrorProperty => "hf-error"u8;

    /// <summary>Expects an answer from now on.</summary>
    /// <param name="replyTopic">The topic of the answer.</param>
    /// <returns>The answer, when it comes.</returns>
    public Task<DeviceReply> Expect(string replyTopic)
        => _waiting.GetOrAdd(replyTopic, static _ => new TaskCompletionSource<DeviceReply>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Nobody waits for the answer any more.</summary>
    public void Forget(string replyTopic) => _waiting.TryRemove(replyTopic, out _);

    public override void DeliverDirect(in PublishPacket packet, scoped ReadOnlySpan<byte> publisher, in DeliveryTerms terms, TouchedOutputs touched)
        => Take(packet.Topic, packet.Payload, packet.Properties);

    public override SendResult TrySendRead(in RecordView view, in PublishRecord record, TouchedOutputs touched) => SendResult.Skipped;

    protected override SendResult TrySendLive(in RecordView view, in PublishRecord record, in DeliveryTerms terms, TouchedOutputs touched)
    {
        Take(record.Topic, record.Payload, record.Properties);
        return SendResult.Sent;
    }

    protected override void StartReader() => throw new InvalidOperationException("It is never behind: it takes everything at once.");

    private void Take(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> properties)
    {
        if (_waiting.IsEmpty || !_waiting.TryRemove(Encoding.UTF8.GetString(topic), out var waiting))
        {
            return;
        }

        var contentType = PropertyFilter.TryGetBytes(properties, ContentTypeProperty, out var type) ? Encoding.UTF8.GetString(type) : null;
        var error = PropertyFilter.TryGetUserProperty(properties, ErrorProperty, out var said) ? Encoding.UTF8.GetString(said) : null;
        waiting.SetResult(new DeviceReply(payload.ToArray(), contentType, error));
    }
}
