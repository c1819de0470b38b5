using System.Text;
using Holdfast.Server.Drill.Judging;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Drill.Clients;

/// <summary>
/// Publishes at QoS 1 or 2 with a window of messages in flight, as MQTT demands: after a new connection every unfinished exchange goes
/// on, in its first order, with its packet identifier: PUBLISH with DUP [MQTT-3.3.1-1], or PUBREL.
/// </summary>
internal sealed class JournalingPublisher(
    string name, ProtocolVersion version, QualityOfService qualityOfService, IRoute route, Journal journal)
    : JournalingClient(name, version, route, journal)
{
    private const int Window = 16;
    private const int Topics = 2;

    private readonly Lock _lock = new();
    private readonly List<Exchange> _exchanges = [];
    private TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _limit;

    /// <summary>The connection on which the unfinished exchanges have been taken up again: nothing new may overtake them.</summary>
    private MqttLink? _resumed;

    private ushort _lastPacketId;
    private long _sequence;

    /// <summary>The random id of its outbox: with it and a sequence a message becomes one event however often it is sent; null for none. MQTT 5 only.</summary>
    public string? Stream { get; init; }

    private bool IsStoredOnce => qualityOfService == QualityOfService.ExactlyOnce || Stream is not null;

    /// <summary>Called for every acknowledgement: PUBACK, or PUBREC.</summary>
    public event Action<(string Publisher, long Sequence)>? Acknowledged;

    /// <summary>Publishes so many more messages.</summary>
    /// <returns>A task that ends when all of them are finished.</returns>
    public Task PublishAsync(int count) => ChangeLimit(limit => Math.Max(limit, _sequence) + count);

    /// <summary>Begins no more exchanges.</summary>
    /// <returns>A task that ends when those in flight are finished.</returns>
    public Task DrainAsync() => ChangeLimit(_ => 0);

    public override void OnPublish(in PublishPacket packet) => throw new InvalidDataException("A publisher received a PUBLISH.");

    public override void OnSubscriptionAck(SubscriptionAckPacket packet) => throw new InvalidDataException("A publisher received a SUBACK.");

    public override void OnPingResponse()
    {
        base.OnPingResponse();
        Fill();
    }

    /// <summary>Publishes a message at each interval until it is cancelled. Without a connection they wait for the next.</summary>
    public async Task PublishEachAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            lock (_lock)
            {
                _limit = Math.Max(_limit, _sequence) + 1;
                Fill();
                Link?.Flush();
            }
        }
    }

    public override void OnAck(AckPacket packet)
    {
        lock (_lock)
        {
            Settle(packet);
            Fill();
        }
    }

    private void Settle(AckPacket packet)
    {
        var exchange = _exchanges.Find(exchange => exchange.PacketId == packet.PacketId)
            ?? throw new InvalidDataException($"{Name} received a {packet.Type} of an exchange that does not exist: {packet.PacketId}.");
        switch (packet.Type)
        {
            case PacketType.PubAck when qualityOfService == QualityOfService.AtLeastOnce:
            case PacketType.PubRec when packet.Reason >= ReasonCode.UnspecifiedError:
                Confirm(exchange, packet.Reason);
                _exchanges.Remove(exchange);
                break;
            case PacketType.PubRec when qualityOfService == QualityOfService.ExactlyOnce:
                if (!exchange.IsReleased)
                {
                    Confirm(exchange, packet.Reason);
                    exchange.IsReleased = true;
                }

                Link!.Acknowledge(PacketType.PubRel, exchange.PacketId);
                break;
            case PacketType.PubComp when exchange.IsReleased:
                _exchanges.Remove(exchange);
                break;
            default:
                throw new InvalidDataException($"{Name} received a {packet.Type} that does not fit its exchange.");
        }

        exchange.Since = Journal.Now;
    }

    protected override void OnConnected(MqttLink link)
    {
        lock (_lock)
        {
            _resumed = link;
            foreach (var exchange in _exchanges)
            {
                exchange.Since = Journal.Now;
                if (exchange.IsReleased)
                {
                    link.Acknowledge(PacketType.PubRel, exchange.PacketId);
                }
                else
                {
                    Send(link, exchange, isRepeated: true);
                }
            }

            Fill();
        }
    }

    protected override bool IsOverdue(TimeSpan limit)
    {
        lock (_lock)
        {
            return _exchanges.Exists(exchange => Journal.Now - exchange.Since > limit.TotalMicroseconds);
        }
    }

    private void Confirm(Exchange exchange, ReasonCode reason)
    {
        var isAccepted = reason < ReasonCode.UnspecifiedError;
        Write(isAccepted ? JournalAction.Acknowledged : JournalAction.Refused, Name, exchange.Sequence, exchange.Topic, (int)qualityOfService);
        if (isAccepted)
        {
            Acknowledged?.Invoke((Name, exchange.Sequence));
        }
    }

    private Task ChangeLimit(Func<long, long> change)
    {
        lock (_lock)
        {
            _limit = change(_limit);
            _finished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

            // The answer gets the read loop to look at the limit.
            Link?.Ping();
            Link?.Flush();
            return _finished.Task;
        }
    }

    private void Fill()
    {
        lock (_lock)
        {
            while (Link is not null && Link == _resumed && _exchanges.Count < Window && _sequence < _limit)
            {
                _sequence++;
                var exchange = new Exchange(NextPacketId(), _sequence, $"devices/{Name}/events/{_sequence % Topics}");
                _exchanges.Add(exchange);
                Send(Link!, exchange, isRepeated: false);
            }

            if (_exchanges.Count == 0)
            {
                _finished.TrySetResult();
            }
        }
    }

    private ushort NextPacketId()
    {
        do
        {
            _lastPacketId = _lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastPacketId + 1);
        }
        while (_exchanges.Exists(exchange => exchange.PacketId == _lastPacketId));
        return _lastPacketId;
    }

    private void Send(MqttLink link, Exchange exchange, bool isRepeated)
    {
        Write(JournalAction.Published, Name, exchange.Sequence, exchange.Topic, (int)qualityOfService, isRepeated, IsStoredOnce);
        link.Publish(new PublishPacket
        {
            Topic = Encoding.UTF8.GetBytes(exchange.Topic),
            Payload = Message.Write(Name, exchange.Sequence),
            Properties = Stream is null ? [] : StreamProperties.Encode(Stream, exchange.Sequence),
            PacketId = exchange.PacketId,
            QualityOfService = qualityOfService,
            Duplicate = isRepeated,
        });
    }

    private sealed record Exchange(ushort PacketId, long Sequence, string Topic)
    {
        /// <summary>PUBREC has arrived.</summary>
        public bool IsReleased { get; set; }

        /// <summary>When the answer began to be awaited, in microseconds since 1970.</summary>
        public long Since { get; set; } = Journal.Now;
    }
}
