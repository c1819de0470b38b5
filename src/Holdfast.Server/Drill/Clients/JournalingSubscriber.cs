using System.Text;
using Holdfast.Server.Drill.Judging;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Drill.Clients;

/// <summary>
/// A persistent subscriber. At QoS 2 a packet identifier that is not yet released is the same exchange, whatever the connection (MQTT 5,
/// 4.3.3, method A); every other PUBLISH is handed to the application at once.
/// </summary>
internal sealed class JournalingSubscriber(
    string name, ProtocolVersion version, QualityOfService qualityOfService, IRoute route, Journal journal, string filter = JournalingSubscriber.AllEvents)
    : JournalingClient(name, version, route, journal)
{
    public const string AllEvents = "devices/+/events/#";

    private const int FewestUntilAbort = 300;
    private const int MostUntilAbort = 3_000;

    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<ushort> _unreleased = [];
    private int _untilAbort;

    /// <summary>Ends when the first SUBACK has arrived.</summary>
    public Task Subscribed => _subscribed.Task;

    public Deliveries Deliveries { get; } = new();

    /// <summary>When given, the connection is aborted now and then, before the message is acknowledged.</summary>
    public Random? Aborts { get; init; }

    public override void OnPublish(in PublishPacket packet)
    {
        var topic = Encoding.UTF8.GetString(packet.Topic);
        var (publisher, sequence) = Message.Read(Encoding.ASCII.GetString(packet.Payload));
        var isNew = packet.QualityOfService != QualityOfService.ExactlyOnce || _unreleased.Add(packet.PacketId);
        Write(isNew ? JournalAction.Received : JournalAction.Repeated, publisher, sequence, topic, (int)packet.QualityOfService, packet.Duplicate);
        Deliveries.Add((publisher, sequence));
        if (Aborts is not null && --_untilAbort < 0)
        {
            _untilAbort = Aborts.Next(FewestUntilAbort, MostUntilAbort);
            Link!.Abort();
            return;
        }

        if (packet.QualityOfService != QualityOfService.AtMostOnce)
        {
            Link!.Acknowledge(packet.QualityOfService == QualityOfService.ExactlyOnce ? PacketType.PubRec : PacketType.PubAck, packet.PacketId);
        }
    }

    public override void OnAck(AckPacket packet)
    {
        if (packet.Type != PacketType.PubRel)
        {
            throw new InvalidDataException($"{Name} received a {packet.Type}.");
        }

        _unreleased.Remove(packet.PacketId);
        Link!.Acknowledge(PacketType.PubComp, packet.PacketId);
    }

    public override void OnSubscriptionAck(SubscriptionAckPacket packet)
    {
        if (packet.Reasons[0] != (ReasonCode)qualityOfService)
        {
            throw new InvalidDataException($"{Name} was granted {packet.Reasons[0]}.");
        }

        if (_subscribed.TrySetResult())
        {
            Write(JournalAction.Subscribed, null, 0, filter, (int)qualityOfService);
        }
    }

    protected override void OnConnected(MqttLink link)
    {
        if (!link.ConnAck.SessionPresent)
        {
            _unreleased.Clear();
        }

        if (!link.ConnAck.SessionPresent || !_subscribed.Task.IsCompleted)
        {
            link.Subscribe(new SubscribePacket { PacketId = 1, Requests = [new SubscriptionRequest(filter, qualityOfService)] });
        }
    }
}
