using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Fuzzing;

/// <summary>A client that outlives its connections, and judges every packet by what its side of the session knows.</summary>
/// <param name="id">The client identifier.</param>
/// <param name="version">The protocol version.</param>
/// <param name="steps">Told of what is received.</param>
internal sealed class FuzzedClient(string id, ProtocolVersion version, List<string> steps)
{
    /// <summary>What is under way from the broker to us, by packet identifier.</summary>
    private readonly Dictionary<ushort, Delivery> _deliveries = [];

    /// <summary>QoS 2 messages that are taken and not released: one that comes again is not taken twice.</summary>
    private readonly HashSet<ushort> _known = [];

    private int _connections;
    private int _receiveMaximum;

    public string Id => id;

    public ProtocolVersion Version => version;

    public ModelSession Model { get; private set; } = new(id);

    public TestClient? Connection { get; private set; }

    public bool IsReading { get; set; } = true;

    /// <summary>Our own QoS 2 publishes that are not complete.</summary>
    public Dictionary<ushort, (string Topic, string Payload, bool IsReleased)> Unfinished { get; } = [];

    public ushort NextOwnId { get; set; } = 1000;

    public async Task ConnectAsync(TestBroker broker, bool cleanStart, bool isPersistent, ushort receiveMaximum)
    {
        if (version == ProtocolVersion.Mqtt311)
        {
            // One flag says both.
            (cleanStart, isPersistent) = (cleanStart || !isPersistent, !cleanStart && isPersistent);
        }

        var old = Connection;
        var expectsSession = !cleanStart && Model is { IsPersistent: true };
        Connection = await broker.ConnectAsync(
            id, isPersistent ? 3600u : 0, cleanStart, version, packet => version == ProtocolVersion.Mqtt5 ? packet with { ReceiveMaximum = receiveMaximum } : packet);
        Assert.Equal(expectsSession, Connection.ConnAck.SessionPresent);
        if (old is not null)
        {
            await old.LoseAsync();
            Model.OnDisconnected();
        }

        if (!expectsSession)
        {
            Model = new ModelSession(id);
            Forget();
        }

        _connections++;
        _receiveMaximum = version == ProtocolVersion.Mqtt5 ? receiveMaximum : ushort.MaxValue;
        IsReading = true;
        (Model.IsConnected, Model.IsPersistent) = (true, isPersistent);
    }

    /// <summary>The connection is gone, because of us or of the broker.</summary>
    public async Task LoseAsync()
    {
        await Connection!.LoseAsync();
        AfterEnd();
    }

    public void OnCrashed()
    {
        Model.OnCrashed();
        foreach (var (packetId, _) in _deliveries.Where(one => one.Value.QualityOfService == QualityOfService.AtLeastOnce).ToList())
        {
            _deliveries.Remove(packetId);
        }

        foreach (var delivery in _deliveries.Values)
        {
            delivery.MayComeAgain = true;
        }

        if (Connection is not null)
        {
            AfterEnd();
        }
    }

    /// <summary>Takes what has come, up to a number of packets.</summary>
    public async Task ReceiveAsync(int count)
    {
        while (count-- > 0 && Connection!.Output.TryTake(static packet => IsOfDelivery(packet)) is { } packet)
        {
            await TakeAsync(packet);
        }
    }

    /// <summary>Takes and waits until everything that is owed has come.</summary>
    public async Task ReceiveAllAsync()
    {
        while (Model.Missing.FirstOrDefault() is { } missing)
        {
            await TakeAsync(await Connection!.Output.TakeAsync(IsOfDelivery, $"{id}: {missing}"));
        }

        await Connection!.PingAsync();
        await ReceiveAsync(int.MaxValue);
    }

    private static bool IsOfDelivery(ReceivedPacket packet) => packet.Type is PacketType.Publish or PacketType.PubRel or PacketType.Disconnect;

    private void AfterEnd()
    {
        Connection = null;
        Model.OnDisconnected();
        if (!Model.IsPersistent)
        {
            Model = new ModelSession(id);
            Forget();
        }
    }

    private void Forget()
    {
        _deliveries.Clear();
        _known.Clear();
        Unfinished.Clear();
    }

    private async Task TakeAsync(ReceivedPacket packet)
    {
        steps.Add($"  {id} gets {packet}");
        Assert.True(packet.Type != PacketType.Disconnect, $"{id} was disconnected: {packet.Reason} {packet.Disconnect?.ReasonString}");
        if (packet.Type == PacketType.PubRel)
        {
            _known.Remove(packet.PacketId);
            _deliveries.Remove(packet.PacketId);
            await Connection!.SendAckAsync(PacketType.PubComp, packet.PacketId);
            return;
        }

        Judge(packet);
        if (packet.QualityOfService == QualityOfService.AtLeastOnce)
        {
            _deliveries.Remove(packet.PacketId);
            await Connection!.SendAckAsync(PacketType.PubAck, packet.PacketId);
        }
        else if (packet.QualityOfService == QualityOfService.ExactlyOnce)
        {
            await Connection!.SendAckAsync(PacketType.PubRec, packet.PacketId);
        }
    }

    private void Judge(ReceivedPacket packet)
    {
        if (packet.QualityOfService != QualityOfService.AtMostOnce && !IsNew(packet))
        {
            return;
        }

        if (packet.Payload.StartsWith('m'))
        {
            var fault = Model.Take(packet.Topic, packet.Payload, packet.Retain, packet.QualityOfService, packet.Identifiers);
            Assert.True(fault is null, $"{id}: {packet} {fault}");
        }
    }

    private bool IsNew(ReceivedPacket packet)
    {
        var isKnown = packet.QualityOfService == QualityOfService.ExactlyOnce && !_known.Add(packet.PacketId);
        Assert.True(packet.PacketId != 0, $"{id}: {packet} has no packet identifier [MQTT-2.2.1-3].");
        if (_deliveries.TryGetValue(packet.PacketId, out var earlier))
        {
            Assert.True(earlier.Payload == packet.Payload, $"{id}: {packet} uses the packet identifier of another message, {earlier.Payload}, that is not finished [MQTT-2.2.1-4].");
            Assert.True(earlier.Connection != _connections || earlier.MayComeAgain, $"{id}: {packet} was sent again on the same connection [MQTT-4.4.0-1].");
            Assert.True(packet.Duplicate || earlier.MayComeAgain, $"{id}: {packet} was sent again without DUP [MQTT-3.3.1-1].");
            earlier.Connection = _connections;
            return !isKnown && packet.QualityOfService == QualityOfService.ExactlyOnce;
        }

        _deliveries[packet.PacketId] = new Delivery(packet.Payload, packet.QualityOfService) { Connection = _connections };
        var open = _deliveries.Values.Count(one => one.Connection == _connections);
        Assert.True(open <= _receiveMaximum, $"{id}: {open} messages are under way; the receive maximum is {_receiveMaximum} [MQTT-3.3.4-9].");
        return !isKnown;
    }

    private sealed record Delivery(string Payload, QualityOfService QualityOfService)
    {
        public int Connection { get; set; }

        public bool MayComeAgain { get; set; }
    }
}
