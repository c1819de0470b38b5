using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance;

/// <summary>What every section needs: connected clients, and topics of its own.</summary>
public abstract class ConformanceTest(TargetBroker broker)
{
    protected const ProtocolVersion Old = ProtocolVersion.Mqtt311;
    protected const ProtocolVersion New = ProtocolVersion.Mqtt5;
    protected const QualityOfService Qos0 = QualityOfService.AtMostOnce;
    protected const QualityOfService Qos1 = QualityOfService.AtLeastOnce;
    protected const QualityOfService Qos2 = QualityOfService.ExactlyOnce;

    /// <summary>Both versions.</summary>
    public static TheoryData<ProtocolVersion> Versions => [Old, New];

    /// <summary>The root of this test's topics. All lie below one device, whose messages a broker keeps in order.</summary>
    protected string Root { get; } = "devices/" + TargetBroker.UniqueName("d");

    /// <summary>The broker under test.</summary>
    protected TargetBroker Broker => broker;

    /// <summary>A topic of this test.</summary>
    protected string Topic(string name) => Root + "/" + name;

    /// <summary>A client identifier that nobody uses.</summary>
    protected static string NewClientId() => TargetBroker.UniqueName("c");

    /// <summary>A CONNECT that starts clean and ends with the connection.</summary>
    protected static ConnectPacket Clean(ProtocolVersion version) => new() { Version = version, ClientId = NewClientId(), CleanStart = true };

    /// <summary>A CONNECT whose session is kept; the identifier is new unless given.</summary>
    protected static ConnectPacket Kept(ProtocolVersion version, string? clientId = null)
        => new() { Version = version, ClientId = clientId ?? NewClientId(), CleanStart = false, SessionExpirySeconds = version == New ? 600u : 0 };

    /// <summary>Opens a connection without a word.</summary>
    protected Task<TestClient> OpenAsync(ProtocolVersion version) => TestClient.OpenAsync(broker, version);

    /// <summary>A connected client with a clean session.</summary>
    protected Task<TestClient> ConnectAsync(ProtocolVersion version) => ConnectAsync(Clean(version));

    /// <summary>A connected client; the CONNECT must be accepted.</summary>
    protected async Task<TestClient> ConnectAsync(ConnectPacket packet, bool? sessionPresent = null)
    {
        var client = await OpenAsync(packet.Version);
        var answer = await client.ConnectAsync(packet);
        Assert.Equal(ReasonCode.Success, answer.Reason);
        Assert.Equal(sessionPresent ?? answer.SessionPresent, answer.SessionPresent);
        return client;
    }

    /// <summary>A connected client that has subscribed.</summary>
    protected async Task<TestClient> SubscribedAsync(ProtocolVersion version, params SubscriptionRequest[] requests)
    {
        var client = await ConnectAsync(version);
        await client.SubscribeAsync(version, requests);
        return client;
    }

    /// <summary>Publishes with a client of its own.</summary>
    protected async Task PublishAsync(ProtocolVersion version, params Message[] messages)
    {
        await using var publisher = await ConnectAsync(version);
        foreach (var message in messages)
        {
            await publisher.PublishAsync(message);
        }

        await publisher.DisconnectAsync(version);
    }

    /// <summary>
    /// Asserts that nothing but what was taken is on its way to the subscriber: what is published now must be the next that it gets.
    /// </summary>
    protected async Task ExpectNothingMoreAsync(TestClient subscriber, string subscribedTopic)
    {
        var sentinel = TargetBroker.UniqueName("sentinel");
        await PublishAsync(New, new Message(subscribedTopic, sentinel, Qos1));
        await subscriber.ExpectAsync(subscribedTopic, sentinel);
    }

    /// <summary>What a connected client sends breaks the standard: the connection ends [MQTT-4.13.1-1] [3.1.1 MQTT-4.8.0-1].</summary>
    protected async Task ExpectFaultAsync(ProtocolVersion version, string hex, ReasonCode reason, string what)
    {
        await using var client = await ConnectAsync(version);
        await client.SendHexAsync(hex);
        if (version == New)
        {
            await client.ExpectRefusalAsync(version, reason, what);
        }
        else
        {
            var answer = await client.ReceiveAnyAsync();
            Assert.True(answer is null, $"{what}: {answer}");
        }
    }

    /// <summary>Sends a CONNECT whose variable header goes on after the protocol name as written; it must not be accepted.</summary>
    protected async Task<ReceivedPacket?> ExpectConnectRefusalAsync(string hex, string what)
    {
        await using var client = await OpenAsync(New);
        var body = Convert.FromHexString("00044D515454" + hex.Replace(" ", "", StringComparison.Ordinal));
        await client.SendAsync((byte[])[0x10, (byte)body.Length, .. body]);
        return await ExpectConnectRefusalAsync(client, what);
    }

    /// <summary>A refused CONNECT may be answered with a CONNACK, and ends the connection.</summary>
    protected static async Task<ReceivedPacket?> ExpectConnectRefusalAsync(TestClient client, string what = "")
    {
        var answer = await client.ReceiveAnyAsync();
        if (answer is not null)
        {
            Assert.True(answer.Type == PacketType.ConnAck && answer.Body[0] == 0 && answer.Body[1] != 0, $"{what}: {answer}");
            Assert.Null(await client.ReceiveAnyAsync());
        }

        return answer;
    }

    /// <summary>Lets more than a second pass on the broker's clock: it closes a silent connection after 1.5 s.</summary>
    protected async Task LetTimePassAsync()
    {
        await using var silent = await ConnectAsync(Clean(Old) with { KeepAliveSeconds = 1 });
        await silent.ExpectEndAsync();
    }
}
