using System.Text;
using Holdfast.Broker.Identities;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Identities;

/// <summary>Attempts to reach what is another device's or another product's.</summary>
public sealed class IsolationTests
{
    [Fact]
    public async Task A_subscription_to_everything_sees_nothing_of_another_product()
    {
        await using var world = await Registered.StartAsync();
        var ours = await world.ConnectBackendAsync(await world.AddTokenAsync(Scopes.Subscribe), "back");
        var (theirs, _) = await world.TryAsync("token", await world.AddTokenAsync(Scopes.Publish | Scopes.Subscribe, product: "q"), "back");
        Assert.Equal([ReasonCode.GrantedQos1, ReasonCode.GrantedQos1], (await ours.SubscribeAsync(Two("#", "$share/g/#"))).Reasons);
        await theirs.SubscribeAsync("#");

        await theirs.PublishAndWaitAsync("devices/d/events/x", "secret", retain: true);
        await theirs.MessageAsync("secret");

        await ours.AssertNothingCameAsync();
        var late = await world.ConnectBackendAsync(await world.AddTokenAsync(Scopes.Subscribe, "late"), "late");
        await late.SubscribeAsync("devices/#");
        await late.AssertNothingCameAsync();
    }

    [Theory]
    [InlineData("#")]
    [InlineData("+/+/events/#")]
    [InlineData("devices/#")]
    [InlineData("devices/+/commands/#")]
    [InlineData("devices/other/#")]
    [InlineData("$share/g/devices/other/#")]
    [InlineData("$share/devices/#")]
    [InlineData("$SYS/#")]
    public async Task A_device_is_refused_every_filter_that_could_match_what_is_not_its_own(string filter)
    {
        await using var world = await Registered.StartAsync();
        var device = await world.ConnectAsync("d", await world.AddDeviceAsync("d"));

        var answer = await device.SubscribeAsync(Two("devices/d/#", filter));

        Assert.Equal([ReasonCode.GrantedQos1, ReasonCode.NotAuthorized], answer.Reasons);
    }

    [Theory]
    [InlineData("devices/other/events/x", QualityOfService.AtMostOnce)]
    [InlineData("devices/other/events/x", QualityOfService.AtLeastOnce)]
    [InlineData("devices/d/commands/x", QualityOfService.ExactlyOnce)]
    [InlineData("$SYS/x", QualityOfService.AtLeastOnce)]
    [InlineData("$share/g/devices/d/x", QualityOfService.AtLeastOnce)]
    public async Task A_device_that_publishes_where_it_may_not_is_disconnected_and_nothing_is_stored(string topic, QualityOfService qualityOfService)
    {
        await using var world = await Registered.StartAsync();
        var back = await world.ConnectBackendAsync(await world.AddTokenAsync(Scopes.Subscribe));
        await back.SubscribeAsync("#");
        var device = await world.ConnectAsync("d", await world.AddDeviceAsync("d"));
        await device.PublishAndWaitAsync("devices/d/events/x", "mine");

        await device.PublishAsync(topic, "forged", qualityOfService);

        Assert.Equal(ReasonCode.NotAuthorized, await device.DisconnectedByServerAsync());
        await back.MessageAsync("mine");
        await back.AssertNothingCameAsync();
    }

    [Fact]
    public async Task An_alias_gives_no_right_to_its_topic()
    {
        await using var world = await Registered.StartAsync();
        var device = await world.ConnectAsync("d", await world.AddDeviceAsync("d"));
        await device.SendAsync(Aliased("devices/d/events/x", 1));
        await device.SendAsync(Aliased("", 1));

        await device.SendAsync(Aliased("devices/other/events/x", 1));

        Assert.Equal(ReasonCode.NotAuthorized, await device.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task A_will_needs_the_right_to_its_topic()
    {
        await using var world = await Registered.StartAsync();
        var key = await world.AddDeviceAsync("d");

        var (_, refused) = await world.TryAsync("p/d", key, with: WithWill("devices/other/events/gone"));
        var (_, accepted) = await world.TryAsync("p/d", key, with: WithWill("devices/d/events/gone"));

        Assert.Equal((ReasonCode.NotAuthorized, ReasonCode.Success), (refused, accepted));
    }

    [Fact]
    public async Task A_will_is_judged_again_when_it_is_published()
    {
        await using var world = await Registered.StartAsync();
        await world.Administration.ChangeProductAsync("p", product => product with { Rules = [new TopicRule("r", RuleAction.Publish, "wills/{device}")] });
        var back = await world.ConnectBackendAsync(await world.AddTokenAsync(Scopes.Subscribe));
        await back.SubscribeAsync("#");
        var first = await world.ConnectAsync("d", await world.AddDeviceAsync("d"), with: WithWill("wills/d"));
        await first.LoseAsync();
        await back.MessageAsync("gone");
        var second = await world.ConnectAsync("e", await world.AddDeviceAsync("e"), with: WithWill("wills/e"));

        await world.Administration.ChangeProductAsync("p", product => product with { Rules = [] });
        await second.LoseAsync();

        await back.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_client_identifier_belongs_to_one_device()
    {
        await using var world = await Registered.StartAsync();
        var victim = await world.ConnectAsync("d", await world.AddDeviceAsync("d"), "same");
        await victim.SubscribeAsync("devices/d/commands/#");
        await victim.LoseAsync();
        var (token, other) = (await world.AddTokenAsync(Scopes.Publish | Scopes.Subscribe), await world.AddDeviceAsync("e"));
        var back = await world.ConnectBackendAsync(token);
        await back.PublishAndWaitAsync("devices/d/commands/open", "for d");

        var thief = await world.ConnectAsync("e", other, "same");
        var (anonymous, _) = await world.TryAsync(null, null, "$device/d/same", info: new("test", AllowAnonymous: true));
        await thief.AssertNothingCameAsync();

        Assert.False(thief.ConnAck.SessionPresent);
        Assert.Equal(ReasonCode.ClientIdentifierNotValid, anonymous.ConnAck.Reason);
        var returned = await world.ConnectAsync("d", (await world.Administration.RotateDeviceAsync("p", "d", TimeSpan.Zero))!, "same");
        Assert.True(returned.ConnAck.SessionPresent);
        await returned.MessageAsync("for d");
    }

    [Fact]
    public async Task A_stranger_with_the_same_client_identifier_disconnects_nobody()
    {
        await using var world = await Registered.StartAsync();
        var device = await world.ConnectAsync("d", await world.AddDeviceAsync("d"), "same");

        await world.ConnectAsync("e", await world.AddDeviceAsync("e"), "same");
        await world.TryAsync("p/d", "wrong", "same");

        await device.PingAsync();
    }

    [Fact]
    public async Task A_session_loses_the_subscriptions_that_its_owner_may_not_have_any_more()
    {
        await using var world = await Registered.StartAsync();
        await world.Administration.ChangeProductAsync("p", product => product with { Rules = [new TopicRule("r", RuleAction.Subscribe, "map/#")] });
        var key = await world.AddDeviceAsync("d");
        var device = await world.ConnectAsync("d", key);
        Assert.Equal([ReasonCode.GrantedQos1, ReasonCode.GrantedQos1], (await device.SubscribeAsync(Two("map/#", "devices/d/#"))).Reasons);

        await world.Administration.ChangeProductAsync("p", product => product with { Rules = [] });
        Assert.Equal(ReasonCode.AdministrativeAction, await device.DisconnectedByServerAsync());
        await device.LoseAsync();
        await world.Broker.DrainAndRestartAsync();
        var back = await world.ConnectBackendAsync(await world.AddTokenAsync(Scopes.Publish));
        await back.PublishAndWaitAsync("map/x", "hidden");
        await back.PublishAndWaitAsync("devices/d/commands/x", "open");

        var again = await world.ConnectAsync("d", key);
        Assert.True(again.ConnAck.SessionPresent);
        await again.MessageAsync("open");
        await again.AssertNothingCameAsync();
    }

    [Fact]
    public async Task Rules_that_come_count_for_connections_that_stand()
    {
        await using var world = await Registered.StartAsync();
        var device = await world.ConnectAsync("d", await world.AddDeviceAsync("d"));
        await world.Administration.ChangeProductAsync("p", product => product with { Rules = [new TopicRule("r", RuleAction.Publish, "map/{device}")] });

        await device.PublishAndWaitAsync("map/d", "there");

        await world.Administration.ChangeProductAsync("p", product => product with { Rules = [] });
        await device.PublishAsync("map/d", "no more");
        Assert.Equal(ReasonCode.NotAuthorized, await device.DisconnectedByServerAsync());
    }

    private static SubscribePacket Two(string first, string second) => new()
    {
        PacketId = 9,
        Requests = [new SubscriptionRequest(first, QualityOfService.AtLeastOnce, false, false, 0), new SubscriptionRequest(second, QualityOfService.AtLeastOnce, false, false, 0)],
    };

    private static Func<ConnectPacket, ConnectPacket> WithWill(string topic)
        => packet => packet with { Will = new Will { Topic = topic, Payload = Encoding.UTF8.GetBytes("gone"), QualityOfService = QualityOfService.AtLeastOnce } };

    private static byte[] Aliased(string topic, ushort alias)
    {
        var packet = new PublishPacket { Topic = Encoding.UTF8.GetBytes(topic), Payload = "x"u8, TopicAlias = alias };
        var bytes = new byte[PacketEncoder.Measure(packet, ProtocolVersion.Mqtt5)];
        PacketEncoder.Write(packet, ProtocolVersion.Mqtt5, bytes);
        return bytes;
    }
}
