using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Sections 3.1.2.5 to 3.1.2.7 and 3.1.3.2: the Will Message.</summary>
public sealed class WillTests(TargetBroker broker) : ConformanceTest(broker)
{
    private Will NewWill => new() { Topic = Topic("will"), Payload = "gone"u8.ToArray(), QualityOfService = Qos1 };

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-7", "3.1.2-8", "3.1.2-14")]
    [Clause(Old, "3.1.2-8", "3.1.2-16")]
    public async Task A_will_is_published_when_the_connection_breaks(ProtocolVersion version)
    {
        await using var watcher = await WatcherAsync();
        await using var client = await ConnectAsync(Clean(version) with { Will = NewWill });
        client.Drop();
        var message = await watcher.ExpectAsync(Topic("will"), "gone");
        Assert.Equal(Qos1, message.Quality);
        await using var late = await SubscribedAsync(New, new(Topic("will"), Qos1), new(Topic("end"), Qos1));
        await ExpectNothingMoreAsync(late, Topic("end"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-15")]
    [Clause(Old, "3.1.2-17")]
    public async Task A_will_that_is_to_be_retained_is_retained(ProtocolVersion version)
    {
        await using var watcher = await WatcherAsync();
        await using var client = await ConnectAsync(Clean(version) with { Will = NewWill with { Retain = true, QualityOfService = Qos2 } });
        client.Drop();
        await watcher.ExpectAsync(Topic("will"), "gone");
        await using var late = await SubscribedAsync(New, new SubscriptionRequest(Topic("will"), Qos2));
        var message = await late.ExpectAsync(Topic("will"), "gone");
        Assert.True(message.Retain);
        Assert.Equal(Qos2, message.Quality);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-8", "3.1.2-10", "3.14.4-3")]
    [Clause(Old, "3.1.2-8", "3.1.2-10", "3.14.4-3")]
    public async Task A_will_is_forgotten_when_the_client_says_goodbye(ProtocolVersion version)
    {
        await using var watcher = await WatcherAsync();
        await using var client = await ConnectAsync(Clean(version) with { Will = NewWill });
        await client.DisconnectAsync(version);
        await ExpectNothingMoreAsync(watcher, Topic("will"));
    }

    [Fact]
    [Clause(New, "3.1.2-8")]
    public async Task A_will_is_published_when_the_client_asks_for_it_with_its_goodbye()
    {
        await using var watcher = await WatcherAsync();
        await using var client = await ConnectAsync(Clean(New) with { Will = NewWill });
        await client.DisconnectAsync(New, new DisconnectPacket { Reason = ReasonCode.DisconnectWithWill });
        await watcher.ExpectAsync(Topic("will"), "gone");
    }

    [Theory]
    [InlineData(ReasonCode.UnspecifiedError)]
    [InlineData(ReasonCode.ImplementationSpecificError)]
    [InlineData(ReasonCode.PacketTooLarge)]
    [Clause(New, "3.1.2-8", "3.1.2-10")]
    public async Task A_will_is_published_when_the_client_says_goodbye_because_of_an_error(ReasonCode reason)
    {
        await using var watcher = await WatcherAsync();
        await using var client = await ConnectAsync(Clean(New) with { Will = NewWill });
        await client.DisconnectAsync(New, new DisconnectPacket { Reason = reason });
        await watcher.ExpectAsync(Topic("will"), "gone");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-8", "3.1.2-22")]
    [Clause(Old, "3.1.2-8", "3.1.2-24")]
    public async Task A_will_is_published_when_the_client_falls_silent(ProtocolVersion version)
    {
        await using var watcher = await WatcherAsync();
        await using var client = await ConnectAsync(Clean(version) with { Will = NewWill, KeepAliveSeconds = 1 });
        await watcher.ExpectAsync(Topic("will"), "gone");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-8")]
    [Clause(Old, "3.1.2-8")]
    public async Task A_will_is_published_when_the_client_breaks_the_protocol(ProtocolVersion version)
    {
        await using var watcher = await WatcherAsync();
        await using var client = await ConnectAsync(Clean(version) with { Will = NewWill });
        await client.SendAsync((byte[])[0x36, 0]);
        await watcher.ExpectAsync(Topic("will"), "gone");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-8", "3.1.4-3")]
    [Clause(Old, "3.1.2-8", "3.1.4-2")]
    public async Task A_will_is_published_when_a_clean_start_takes_the_session_over(ProtocolVersion version)
    {
        await using var watcher = await WatcherAsync();
        var packet = Clean(version) with { Will = NewWill };
        await using var client = await ConnectAsync(packet);
        await using var successor = await ConnectAsync(packet with { Will = null });
        await watcher.ExpectAsync(Topic("will"), "gone");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-8", "3.1.4-3")]
    [Clause(Old, "3.1.2-8", "3.1.4-2")]
    public async Task A_will_without_delay_is_published_when_the_same_client_takes_its_session_over(ProtocolVersion version)
    {
        await using var watcher = await WatcherAsync();
        var packet = Kept(version) with { Will = NewWill };
        await using var client = await ConnectAsync(packet);
        await using var successor = await ConnectAsync(packet with { Will = null }, sessionPresent: true);
        await watcher.ExpectAsync(Topic("will"), "gone");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-10")]
    [Clause(Old, "3.1.2-10", "3.1.2-12")]
    public async Task A_will_is_published_once(ProtocolVersion version)
    {
        await using var watcher = await WatcherAsync();
        var packet = Kept(version) with { Will = NewWill };
        await using (var client = await ConnectAsync(packet))
        {
            client.Drop();
        }

        await watcher.ExpectAsync(Topic("will"), "gone");
        await using (var returned = await ConnectAsync(packet with { Will = null, KeepAliveSeconds = 1 }, sessionPresent: true))
        {
            await returned.ExpectRefusalAsync(version, ReasonCode.KeepAliveTimeout);
        }

        await ExpectNothingMoreAsync(watcher, Topic("will"));
    }

    [Fact]
    [Clause(New, "3.1.3-10", "3.3.2-4", "3.3.2-15", "3.3.2-16", "3.3.2-17", "3.3.2-20")]
    public async Task A_will_carries_its_properties()
    {
        byte[] properties =
        [
            1, 1, 3, 0, 4, .. "text"u8, 8, 0, 5, .. "reply"u8, 9, 0, 2, 7, 0,
            38, 0, 1, .. "n"u8, 0, 1, .. "2"u8, 38, 0, 1, .. "n"u8, 0, 1, .. "1"u8,
        ];
        await using var watcher = await WatcherAsync();
        var will = NewWill with { Properties = properties, MessageExpirySeconds = 1_000 };
        await using var client = await ConnectAsync(Clean(New) with { Will = will });
        client.Drop();
        var message = await watcher.ExpectAsync(Topic("will"), "gone");
        Assert.Equal("text"u8.ToArray(), message.Property(3));
        Assert.Equal("reply"u8.ToArray(), message.Property(8));
        Assert.Equal([7, 0], message.Property(9));
        Assert.Equal([new UserProperty("n", "2"), new UserProperty("n", "1")], message.UserProperties);
        Assert.InRange(message.ExpirySeconds ?? 0, 990u, 1_000u);
    }

    [Fact]
    [Clause(New, "3.1.2-8")]
    public async Task A_delayed_will_is_published_after_its_delay()
    {
        await using var watcher = await WatcherAsync();
        await using var client = await ConnectAsync(Kept(New) with { Will = NewWill with { DelaySeconds = 1 } });
        client.Drop();

        // What is published now overtakes the will.
        await ExpectNothingMoreAsync(watcher, Topic("will"));
        await watcher.ExpectAsync(Topic("will"), "gone");
    }

    [Fact]
    [Clause(New, "3.1.2-8")]
    public async Task A_delayed_will_is_published_when_the_session_ends_earlier()
    {
        await using var watcher = await WatcherAsync();
        await using var client = await ConnectAsync(Kept(New) with { SessionExpirySeconds = 1, Will = NewWill with { DelaySeconds = 600 } });
        client.Drop();
        await watcher.ExpectAsync(Topic("will"), "gone");
    }

    [Fact]
    [Clause(New, "3.1.2-8", "3.1.3-9")]
    public async Task A_delayed_will_is_not_published_when_the_client_returns_in_time()
    {
        await using var watcher = await WatcherAsync();
        var packet = Kept(New) with { Will = NewWill with { DelaySeconds = 1 } };
        await using var client = await ConnectAsync(packet);
        client.Drop();
        await using var returned = await ConnectAsync(packet with { Will = null }, sessionPresent: true);
        await LetTimePassAsync();
        await ExpectNothingMoreAsync(watcher, Topic("will"));
    }

    private Task<TestClient> WatcherAsync() => SubscribedAsync(New, new SubscriptionRequest(Topic("will"), Qos2));
}
