using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Fuzzing;

/// <summary>
/// Three clients do in an order that a seed decides what clients do: connect, take over, subscribe, publish at every quality of service, read slowly, repeat, vanish; the broker is restarted and crashes.
/// A model that keeps every message says what each must get.
/// </summary>
internal sealed class SessionFuzzer(int seed)
{
    private static readonly string[] Topics = ["x", "x/1", "x/2", "y/1", "y/1/z", "z"];
    private static readonly string[] Filters = ["#", "+", "+/1", "x/#", "x/+", "x/1", "y/#", "y/+/z", "+/+/z", "z"];

    private readonly Random _random = new(seed);
    private readonly Dictionary<string, (string Payload, QualityOfService QualityOfService)> _retained = [];
    private readonly List<string> _steps = [];
    private FuzzedClient[] _clients = [];

    private TestBroker _broker = null!;
    private int _published;

    /// <summary>What was done, one step a line.</summary>
    public IReadOnlyList<string> Steps => _steps;

    /// <summary>Messages published.</summary>
    public int Published => _published;

    public async Task RunAsync(int steps)
    {
        _clients = [new("a", ProtocolVersion.Mqtt5, _steps), new("b", ProtocolVersion.Mqtt5, _steps), new("c", ProtocolVersion.Mqtt311, _steps)];
        _broker = await TestBroker.StartAsync(new BrokerOptions { QosZeroPatience = TimeSpan.Zero });
        await using var broker = _broker;
        for (var step = 0; step < steps; step++)
        {
            await StepAsync(_clients[_random.Next(_clients.Length)]);
        }

        foreach (var client in _clients)
        {
            await FinishAsync(client);
        }
    }

    private async Task FinishAsync(FuzzedClient client)
    {
        if (client.Connection is null && !client.Model.IsPersistent)
        {
            return;
        }

        Say(client, "takes the rest");
        if (client.Connection is null)
        {
            await client.ConnectAsync(_broker, cleanStart: false, isPersistent: true, receiveMaximum: 3);
        }

        client.Connection!.Output.StartReading();
        await client.ReceiveAllAsync();
    }

    private async Task StepAsync(FuzzedClient client)
    {
        var roll = _random.Next(100);
        if (roll < 3)
        {
            await DisturbAsync();
            return;
        }

        if (client.Connection is null)
        {
            await ConnectAsync(client);
            return;
        }

        if (!client.IsReading && roll < 90)
        {
            // A client that does not read gets no answers: it can only wait, or go.
            client.IsReading = roll < 30;
            if (client.IsReading)
            {
                Say(client, "reads again");
                client.Connection.Output.StartReading();
            }

            return;
        }

        await (roll switch
        {
            < 6 => ConnectAsync(client),
            < 12 => LoseAsync(client),
            < 28 => SubscribeAsync(client),
            < 32 => UnsubscribeAsync(client),
            < 60 => PublishAsync(client),
            < 70 => ExactlyOnceAsync(client),
            < 74 => StopReadingAsync(client),
            < 78 => UnknownAsync(client),
            < 80 => InvalidAsync(client),
            _ => ReceiveAsync(client),
        });
    }

    private async Task DisturbAsync()
    {
        var kind = (Interruption)_random.Next((int)Interruption.Crash, (int)Interruption.Drain + 1);
        _steps.Add($"broker: {kind}");
        await _broker.InterruptAsync(null!, kind);
        foreach (var client in _clients)
        {
            client.OnCrashed();
        }
    }

    private Task ConnectAsync(FuzzedClient client)
    {
        var (clean, persistent, maximum) = (_random.Next(5) == 0, _random.Next(4) != 0, (ushort)(_random.Next(3) == 0 ? 65535 : _random.Next(1, 6)));
        Say(client, $"connects{(clean ? " clean" : "")}{(persistent ? " to stay" : "")}, receive maximum {maximum}");
        return client.ConnectAsync(_broker, clean, persistent, maximum);
    }

    private Task LoseAsync(FuzzedClient client)
    {
        Say(client, "is lost");
        return client.LoseAsync();
    }

    private async Task SubscribeAsync(FuzzedClient client)
    {
        var isFive = client.Version == ProtocolVersion.Mqtt5;
        var (filter, qualityOfService) = (Filters[_random.Next(Filters.Length)], (QualityOfService)_random.Next(3));
        var (identifier, noLocal, asPublished, handling) = ((uint)_random.Next(4), _random.Next(4) == 0, _random.Next(3) == 0, (byte)_random.Next(3));
        (identifier, noLocal, asPublished, handling) = isFive ? (identifier, noLocal, asPublished, handling) : (0, false, false, (byte)0);
        Say(client, $"subscribes to {filter} q{(int)qualityOfService} id {identifier}{(noLocal ? " no local" : "")}{(asPublished ? " as published" : "")} handling {handling}");
        var isNew = !client.Model.Filters.Contains(filter);
        var answer = await client.Connection!.SubscribeAsync(filter, qualityOfService, identifier, noLocal, asPublished, handling);
        Assert.Equal([(ReasonCode)qualityOfService], answer.Reasons);
        var wantsRetained = handling == 0 || (handling == 1 && isNew);
        var retained = wantsRetained ? _retained.Select(one => (one.Key, one.Value.Payload, one.Value.QualityOfService)) : [];
        client.Model.OnSubscribed(new ModelSubscription(filter, qualityOfService, identifier, noLocal, asPublished), [.. retained], ++_published);
    }

    private async Task UnsubscribeAsync(FuzzedClient client)
    {
        var filter = Filters[_random.Next(Filters.Length)];
        Say(client, $"unsubscribes from {filter}");
        await client.Connection!.UnsubscribeAsync(filter);
        client.Model.OnUnsubscribed(filter);
    }

    private async Task PublishAsync(FuzzedClient client)
    {
        var (topic, qualityOfService, retain) = (Topics[_random.Next(Topics.Length)], (QualityOfService)_random.Next(3), _random.Next(4) == 0);
        var payload = retain && _random.Next(4) == 0 ? "" : NewPayload();
        Say(client, $"publishes {topic}={Short(payload)} q{(int)qualityOfService}{(retain ? " retained" : "")}");
        await client.Connection!.PublishAndWaitAsync(topic, payload, qualityOfService, retain);
        if (qualityOfService == QualityOfService.AtMostOnce && retain)
        {
            // Nothing acknowledges it; what is appended behind it is acknowledged after it.
            await client.Connection.PublishAndWaitAsync("behind", "");
        }

        OnPublished(client, topic, payload, qualityOfService, retain);
    }

    /// <summary>A step of a QoS 2 exchange of ours, which reconnections and crashes may come between.</summary>
    private async Task ExactlyOnceAsync(FuzzedClient client)
    {
        var connection = client.Connection!;
        if (client.Unfinished.Count == 0 || _random.Next(3) == 0)
        {
            var (topic, payload, packetId) = (Topics[_random.Next(Topics.Length)], NewPayload(), client.NextOwnId++);
            Say(client, $"begins {topic}={Short(payload)} #{packetId}");
            await connection.PublishAsync(topic, payload, QualityOfService.ExactlyOnce, packetId: packetId);
            await connection.AckFromServerAsync(PacketType.PubRec, packetId);
            client.Unfinished[packetId] = (topic, payload, false);
            OnPublished(client, topic, payload, QualityOfService.ExactlyOnce, retain: false);
            return;
        }

        var (id, (known, text, isReleased)) = client.Unfinished.ElementAt(_random.Next(client.Unfinished.Count));
        if (!isReleased && _random.Next(2) == 0)
        {
            Say(client, $"repeats #{id}");
            await connection.PublishAsync(known, text, QualityOfService.ExactlyOnce, packetId: id, duplicate: true);
            await connection.AckFromServerAsync(PacketType.PubRec, id);
            return;
        }

        Say(client, $"releases #{id}");
        await connection.SendAckAsync(PacketType.PubRel, id);
        await connection.AckFromServerAsync(PacketType.PubComp, id);
        client.Unfinished.Remove(id);
    }

    private Task StopReadingAsync(FuzzedClient client)
    {
        Say(client, "stops reading");
        client.IsReading = false;
        client.Connection!.Output.StopReading();
        return Task.CompletedTask;
    }

    /// <summary>Acknowledgements of what was never sent change nothing.</summary>
    private async Task UnknownAsync(FuzzedClient client)
    {
        var type = new[] { PacketType.PubAck, PacketType.PubComp, PacketType.PubRel, PacketType.PubRec }[_random.Next(4)];
        Say(client, $"sends {type} for nothing");
        await client.Connection!.SendAckAsync(type, 60_000);
        if (type is PacketType.PubRel)
        {
            await client.Connection.AckFromServerAsync(PacketType.PubComp, 60_000);
        }
        else if (type is PacketType.PubRec)
        {
            await client.Connection.AckFromServerAsync(PacketType.PubRel, 60_000);
        }
    }

    /// <summary>What the standard forbids ends the connection, and nothing else.</summary>
    private async Task InvalidAsync(FuzzedClient client)
    {
        byte[][] packets = [[0x10, 0], [0x30, 0], [0x36, 5, 0, 1, (byte)'x', 0, 1], [0x40, 2, 0, 0], [0x82, 2, 0, 1], [0x20, 2, 0, 0], [0x90, 3, 0, 1, 0], [0xF1, 0], [0x32, 5, 0, 1, (byte)'+', 0, 1]];
        var packet = packets[_random.Next(packets.Length)];
        Say(client, $"sends {Convert.ToHexString(packet)}");
        Assert.Equal(Holdfast.Broker.Connections.PacketOutcome.Closed, await client.Connection!.SendAsync(packet));
        await client.Connection.Output.Closed.Within();
        await client.LoseAsync();
    }

    private Task ReceiveAsync(FuzzedClient client)
    {
        var count = _random.Next(1, 8);
        Say(client, $"takes {count}");
        return client.ReceiveAsync(count);
    }

    private void OnPublished(FuzzedClient client, string topic, string payload, QualityOfService qualityOfService, bool retain)
    {
        _published++;
        foreach (var one in _clients)
        {
            one.Model.OnPublished(topic, payload, qualityOfService, retain, client.Id, _published);
        }

        if (retain && payload.Length == 0)
        {
            _retained.Remove(topic);
        }
        else if (retain)
        {
            _retained[topic] = (payload, qualityOfService);
        }
    }

    private string NewPayload() => $"m{_published + 1}:" + new string('.', _random.Next(4) == 0 ? _random.Next(2000) : 4);

    private static string Short(string payload) => payload[..Math.Min(8, payload.Length)];

    private void Say(FuzzedClient client, string what) => _steps.Add($"{client.Id} {what}");
}
