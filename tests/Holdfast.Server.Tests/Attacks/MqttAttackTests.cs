using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Tests.Attacks;

/// <summary>Attempts over MQTT to reach what is another's, against a real server. The attacker has a device's key and a token of every scope of his own product.</summary>
public sealed class MqttAttackTests(MqttAttackTests.Scene scene) : IClassFixture<MqttAttackTests.Scene>
{
    private const string Other = "zirkon";

    private TwoProducts Products => scene.Products;

    private int Port => Products.Server.MqttPort;

    [Fact]
    public async Task Neither_a_wildcard_nor_a_shared_subscription_nor_a_retained_message_shows_anything_of_another_product()
    {
        using var victim = await VictimAsync("victim");
        Assert.Equal([ReasonCode.GrantedQos1, ReasonCode.GrantedQos1], await victim.SubscribeAsync("$share/g/#", $"{Other}/x"));
        using var attacker = await AttackerAsync("back");

        var reasons = await attacker.SubscribeAsync("#", "+/#", "+/+/+/+", "$share/g/#", $"$share/g/{Other}/#", $"{Other}/kept", $"devices/{Products.OtherDevice}/#", "$SYS/#");
        await victim.PublishAsync("devices/d/events/x", "secret", QualityOfService.AtLeastOnce, retain: true);
        await victim.PublishAsync($"{Other}/x", "secret", QualityOfService.AtMostOnce);

        Assert.All(reasons, reason => Assert.Equal(ReasonCode.GrantedQos1, reason));
        await ReadUntilMessageAsync(victim, $"{Other}/x");
        Assert.DoesNotContain(await attacker.MessagesAsync(), message => message.Payload == "secret" || message.Topic.Contains(Other, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("#")]
    [InlineData("devices/+/events/#")]
    [InlineData("devices/e/#")]
    [InlineData("$share/g/#")]
    [InlineData("$share/g/devices/+/commands/#")]
    [InlineData("$SYS/#")]
    [InlineData("$SYS/+")]
    [InlineData("$share/$SYS/#")]
    public async Task A_device_is_refused_what_a_filter_could_match_of_others(string filter)
    {
        using var device = await DeviceAsync("d1");

        Assert.Equal([ReasonCode.GrantedQos1, ReasonCode.NotAuthorized], await device.SubscribeAsync("devices/d/#", filter));
    }

    [Theory]
    [InlineData("devices/e/events/x")]
    [InlineData("devices/e/replies/x")]
    [InlineData("devices/d/commands/x")]
    [InlineData("devices/d/receipts")]
    [InlineData("devices/D/events/x")]
    [InlineData("/devices/d/events/x")]
    [InlineData("devices//d/events/x")]
    [InlineData("devices/d/../e/events/x")]
    [InlineData("broadcast/x")]
    [InlineData("$SYS/x")]
    [InlineData("$share/g/x")]
    public async Task A_device_that_publishes_where_it_may_not_is_disconnected(string topic)
    {
        using var device = await DeviceAsync("d2");

        await device.PublishAsync(topic, "forged", retain: true);

        // Below its own topics everything is its own, dots included.
        if (topic.StartsWith("devices/d/..", StringComparison.Ordinal))
        {
            Assert.Equal((int)PacketType.PubAck, (int)await device.NextTypeAsync());
        }
        else
        {
            Assert.Equal(ReasonCode.NotAuthorized, await device.DisconnectedAsync());
        }
    }

    [Fact]
    public async Task An_alias_is_of_one_connection_and_gives_no_right_to_its_topic()
    {
        using var first = await DeviceAsync("d3");
        await first.PublishAsync("devices/d/events/x", "1", QualityOfService.AtMostOnce, alias: 1);
        await first.AssertNothingCameAsync();
        using var second = await DeviceAsync("d4");
        await second.PublishAsync("", "2", QualityOfService.AtMostOnce, alias: 1);
        using var third = await DeviceAsync("d5");
        await third.PublishAsync("devices/d/events/x", "3", QualityOfService.AtMostOnce, alias: 60_000);
        await first.PublishAsync("devices/e/events/x", "4", QualityOfService.AtMostOnce, alias: 1);

        Assert.Equal(ReasonCode.NotAuthorized, await first.DisconnectedAsync());
        Assert.Equal(ReasonCode.ProtocolError, await second.DisconnectedAsync());
        Assert.Equal(ReasonCode.TopicAliasInvalid, await third.DisconnectedAsync());
    }

    [Theory]
    [InlineData("devices/e/events/gone", ReasonCode.NotAuthorized)]
    [InlineData("$SYS/gone", ReasonCode.NotAuthorized)]
    [InlineData("broadcast/gone", ReasonCode.NotAuthorized)]
    [InlineData("devices/d/events/gone", ReasonCode.Success)]
    public async Task A_will_is_refused_where_its_client_may_not_publish(string topic, ReasonCode expected)
    {
        using var device = await RawMqtt.TryConnectAsync(
            Port, "acme/d", Products.DeviceKey, "d6", packet => packet with { Will = new Will { Topic = topic, Payload = "x"u8.ToArray(), QualityOfService = QualityOfService.AtLeastOnce, Retain = true } });

        Assert.Equal(expected, device.ConnAck.Reason);
    }

    [Fact]
    public async Task Neither_a_session_nor_a_connection_is_had_by_its_name()
    {
        using var victim = await RawMqtt.ConnectAsync(Port, $"{Other}/{Products.OtherDevice}", Products.OtherDeviceKey, "same", packet => packet with { SessionExpirySeconds = 3600 });
        await victim.SubscribeAsync($"devices/{Products.OtherDevice}/commands/#");
        using var back = await VictimAsync("back2");
        foreach (var name in (string[])["same", $"$device/{Products.OtherDevice}/same", $"{Other}/same"])
        {
            using var thief = await RawMqtt.TryConnectAsync(Port, "acme/d", Products.DeviceKey, name, packet => packet with { SessionExpirySeconds = 3600 });
            Assert.False(thief.ConnAck.SessionPresent);
            using var tokenThief = await RawMqtt.TryConnectAsync(Port, "token", Products.Token, name);
            Assert.False(tokenThief.ConnAck.SessionPresent);
        }

        // Whoever has no right to the name takes nothing over with it.
        using var stranger = await RawMqtt.TryConnectAsync(Port, $"{Other}/{Products.OtherDevice}", Products.DeviceKey, "same");
        Assert.Equal(ReasonCode.BadUserNameOrPassword, stranger.ConnAck.Reason);
        await back.PublishAndWaitAsync($"devices/{Products.OtherDevice}/commands/open", "now");
        Assert.Equal(($"devices/{Products.OtherDevice}/commands/open", "now"), await victim.MessageAsync());
    }

    [Fact]
    public async Task What_is_revoked_is_worth_nothing_from_that_moment_on()
    {
        var (_, made) = await Products.SendAsync(HttpMethod.Post, "/api/v1/products/acme/tokens", """{"name":"stolen","scopes":["publish","subscribe","read","manage"]}""");
        var token = System.Text.Json.JsonElement.Parse(made).GetProperty("token").GetString()!;
        using var standing = await RawMqtt.ConnectAsync(Port, "token", token, "t1");

        Assert.Equal(200, (await Products.SendAsync(HttpMethod.Post, "/api/v1/products/acme/tokens/stolen/revocation")).Status);

        Assert.Equal(ReasonCode.AdministrativeAction, await standing.DisconnectedAsync());
        using var again = await RawMqtt.TryConnectAsync(Port, "token", token, "t1");
        Assert.Equal(ReasonCode.BadUserNameOrPassword, again.ConnAck.Reason);
        Assert.Equal(401, (await Products.SendAsync(HttpMethod.Get, "/api/v1/products/acme", token: token)).Status);
    }

    /// <summary>Whether a product or a device is there is not told by the answer, which is the same to the byte. That it is not told by time is measured by the TimingTests of the broker.</summary>
    [Fact]
    public async Task Every_wrong_credential_has_the_same_answer()
    {
        await Products.SendAsync(HttpMethod.Post, "/api/v1/products/acme/devices", """{"id":"revoked"}""");
        await Products.SendAsync(HttpMethod.Post, "/api/v1/products/acme/devices/revoked/revocation");
        var answers = new HashSet<string>();
        foreach (var (user, password) in ((string, string)[])
            [
                ("nowhere/d", "hfk_x"), ("acme/nobody", "hfk_x"), ("acme/d", "hfk_x"), ("acme/revoked", "hfk_x"), ($"{Other}/d", Products.DeviceKey), ("token", "hft_x"), ("token/acme", "hft_x"), ("acme/d", Products.Token), ("", "x"),
                ("acme", "x"), ("acme/d/e", "x"), ("acme/d", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJkIiwiZXhwIjo5OTk5OTk5OTk5fQ."),
            ])
        {
            using var client = await RawMqtt.TryConnectAsync(Port, user, password);
            answers.Add(Convert.ToHexString(client.ConnAckBytes));
            Assert.True(await client.IsEndedAsync());
        }

        Assert.Single(answers);
    }

    [Fact]
    public async Task What_is_too_large_is_refused_with_its_reason()
    {
        using var longTopic = await AttackerAsync("o1");
        await longTopic.PublishAsync(string.Join('/', Enumerable.Repeat("a", 200)), "x");
        Assert.Equal(ReasonCode.TopicNameInvalid, await longTopic.DisconnectedAsync());

        using var deepFilter = await AttackerAsync("o2");
        Assert.Equal([ReasonCode.TopicFilterInvalid, ReasonCode.GrantedQos1], await deepFilter.SubscribeAsync(string.Concat(Enumerable.Repeat("+/", 30_000)) + "#", "x"));

        using var largePayload = await AttackerAsync("o3");
        await largePayload.PublishAsync("x", new string('x', 300_000));
        Assert.Equal(ReasonCode.PacketTooLarge, await largePayload.DisconnectedAsync());

        using var hugePacket = await AttackerAsync("o4");
        await hugePacket.SendAsync(new byte[] { 0x30, 0xFF, 0xFF, 0xFF, 0x7F });
        Assert.Equal(ReasonCode.PacketTooLarge, await hugePacket.DisconnectedAsync());

        using var hugeConnect = await RawMqtt.OpenAsync(Port);
        await hugeConnect.SendAsync(new byte[] { 0x10, 0xFF, 0xFF, 0xFF, 0x7F });
        Assert.True(await hugeConnect.IsEndedAsync());

        using var longName = await RawMqtt.TryConnectAsync(Port, "acme/d", Products.DeviceKey, new string('a', 2000));
        Assert.Equal(ReasonCode.ClientIdentifierNotValid, longName.ConnAck.Reason);

        using var largeWill = await RawMqtt.TryConnectAsync(
            Port, "acme/d", Products.DeviceKey, "o5", packet => packet with { Will = new Will { Topic = string.Join('/', Enumerable.Repeat("a", 200)), Payload = default } });
        Assert.Equal(ReasonCode.NotAuthorized, largeWill.ConnAck.Reason);
    }

    private Task<RawMqtt> AttackerAsync(string clientId) => RawMqtt.ConnectAsync(Port, "token", Products.Token, clientId);

    private Task<RawMqtt> VictimAsync(string clientId) => RawMqtt.ConnectAsync(Port, "token", Products.OtherToken, clientId);

    private Task<RawMqtt> DeviceAsync(string clientId) => RawMqtt.ConnectAsync(Port, "acme/d", Products.DeviceKey, clientId);

    private static async Task ReadUntilMessageAsync(RawMqtt client, string topic)
    {
        while (await client.TryTakeMessageTopicAsync() != topic)
        {
            // Its PUBACK, and what else it has subscribed to.
        }
    }

    /// <summary>One server for all attempts.</summary>
    public sealed class Scene : IAsyncLifetime
    {
        internal TwoProducts Products { get; } = new(Other);

        public ValueTask InitializeAsync() => Products.InitializeAsync();

        public ValueTask DisposeAsync() => Products.DisposeAsync();
    }
}
