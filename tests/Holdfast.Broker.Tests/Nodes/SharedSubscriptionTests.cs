using System.Text;
using Holdfast.Broker.Health;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Log.Partitions;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class SharedSubscriptionTests
{
    private const string Filter = "$share/group/t/#";

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Each_message_goes_to_one_member_in_turn(QualityOfService qualityOfService)
    {
        await using var broker = await TestBroker.StartAsync();
        var members = await ConnectMembersAsync(broker, 3, qualityOfService);
        var publisher = await broker.ConnectAsync("publisher");
        for (var index = 0; index < 30; index++)
        {
            await publisher.PublishAsync($"t/{index}", $"{index}", qualityOfService);
        }

        await broker.PublishAsync("behind it", "x");
        var received = new List<string>();
        foreach (var member in members)
        {
            for (var count = 0; count < 10; count++)
            {
                var message = await member.MessageAsync();
                Assert.Equal(qualityOfService, message.QualityOfService);
                received.Add(message.Payload);
                await member.AnswerAsync(message);
            }
        }

        Assert.Equal(Enumerable.Range(0, 30).Select(index => $"{index}").Order(), received.Order());
        await AssertNothingCameAsync(members);
    }

    [Fact]
    public async Task Groups_and_plain_subscriptions_are_independent_of_each_other()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync(Filter, identifier: 1);
        await client.SubscribeAsync("$share/other/t/#", identifier: 2);
        await client.SubscribeAsync("$share/group/t/+", identifier: 3);
        await client.SubscribeAsync("t/a", identifier: 4);
        await broker.PublishAsync("t/a", "x");
        var identifiers = new List<uint>();
        for (var count = 0; count < 4; count++)
        {
            var message = await client.MessageAsync("x");
            identifiers.Add(Assert.Single(message.Identifiers));
        }

        Assert.Equal([1U, 2U, 3U, 4U], identifiers.Order());
        await client.AssertNothingCameAsync();
    }

    [Fact]
    public async Task Retained_messages_are_not_sent_to_a_new_member()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.PublishAsync("t/a", "retained", retain: true);
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync(Filter);
        await broker.PublishAsync("t/a", "live");
        await client.MessageAsync("live");
        await client.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_member_that_does_not_read_is_passed_over_and_when_none_reads_nothing_is_lost()
    {
        await using var broker = await TestBroker.StartAsync();
        var members = await ConnectMembersAsync(broker, 2, QualityOfService.AtLeastOnce, receiveMaximum: 3);
        for (var index = 0; index < 20; index++)
        {
            await broker.PublishAsync($"t/{index}", $"{index}");
        }

        // Three lie with each; whoever answers gets the rest.
        var received = new HashSet<string>();
        var slow = new List<ReceivedPacket>();
        for (var count = 0; count < 3; count++)
        {
            slow.Add(await members[0].MessageAsync());
        }

        for (var count = 0; count < 17; count++)
        {
            var message = await members[1].MessageAsync();
            Assert.True(received.Add(message.Payload));
            await members[1].AnswerAsync(message);
        }

        await members[0].AssertNothingCameAsync();
        Assert.Equal(20, received.Union(slow.Select(message => message.Payload)).Count());
    }

    [Fact]
    public async Task What_a_lost_member_has_not_confirmed_at_QoS_1_goes_to_another()
    {
        await using var broker = await TestBroker.StartAsync();
        var members = await ConnectMembersAsync(broker, 2, QualityOfService.AtLeastOnce);
        for (var index = 0; index < 10; index++)
        {
            await broker.PublishAsync($"t/{index}", $"{index}");
        }

        for (var count = 0; count < 5; count++)
        {
            await members[1].AnswerAsync(await members[1].MessageAsync());
        }

        var lost = new List<string>();
        for (var count = 0; count < 5; count++)
        {
            lost.Add((await members[0].MessageAsync()).Payload);
        }

        await members[0].LoseAsync();
        for (var count = 0; count < 5; count++)
        {
            var message = await members[1].MessageAsync(lost[count]);
            Assert.False(message.Duplicate);
        }

        var back = await broker.ConnectAsync("member 0");
        await back.AssertNothingCameAsync();
    }

    [Theory]
    [InlineData(Interruption.Reconnect)]
    [InlineData(Interruption.Crash)]
    [InlineData(Interruption.CrashAfterCheckpoint)]
    [InlineData(Interruption.Drain)]
    public async Task What_a_lost_member_has_not_confirmed_at_QoS_2_stays_with_it(Interruption interruption)
    {
        await using var broker = await TestBroker.StartAsync();
        var members = await ConnectMembersAsync(broker, 2, QualityOfService.ExactlyOnce);
        await broker.PublishAsync("t/a", "1");
        await broker.PublishAsync("t/b", "2");
        var first = await members[0].MessageAsync();
        await members[1].AnswerAsync(await members[1].MessageAsync());
        await broker.PublishAsync("behind PUBCOMP", "x");
        await broker.InterruptAsync(members[0], interruption);
        var other = interruption == Interruption.Reconnect ? members[1] : await broker.ConnectAsync("member 1");
        await other.AssertNothingCameAsync();
        var back = await broker.ConnectAsync("member 0");
        var again = await back.MessageAsync(first.Payload);
        Assert.Equal((first.PacketId, true), (again.PacketId, again.Duplicate));
        await back.AssertNothingCameAsync();
        await other.AssertNothingCameAsync();
    }

    [Theory]
    [InlineData(Interruption.Reconnect)]
    [InlineData(Interruption.Crash)]
    [InlineData(Interruption.CrashAfterCheckpoint)]
    [InlineData(Interruption.Drain)]
    public async Task What_was_published_while_no_member_was_connected_waits(Interruption interruption)
    {
        await using var broker = await TestBroker.StartAsync();
        var member = Assert.Single(await ConnectMembersAsync(broker, 1, QualityOfService.AtLeastOnce));
        await broker.PublishAsync(TestBroker.TopicIn(0), "confirmed");
        await member.MessageAsync("confirmed");
        await broker.PublishAsync(TestBroker.TopicIn(0), "sent");
        Assert.Equal("sent", (await member.MessageAsync()).Payload);
        await member.LoseAsync();
        await broker.PublishAsync(TestBroker.TopicIn(0), "away");
        await broker.InterruptAsync(member, interruption == Interruption.Reconnect ? Interruption.None : interruption);
        await broker.PublishAsync(TestBroker.TopicIn(0), "away too");
        member = await broker.ConnectAsync("member 0");
        var received = new List<string>();
        while (received.Count == 0 || received[^1] != "away too")
        {
            var message = await member.MessageAsync();
            received.Add(message.Payload);
            await member.AnswerAsync(message);
        }

        // After a crash without a checkpoint what was confirmed in its last second may come again.
        Assert.Equal(["sent", "away", "away too"], received.Where(payload => payload != "confirmed"));
        Assert.True(interruption == Interruption.Crash || received.Count == 3, string.Join(", ", received));
        await member.AssertNothingCameAsync();
    }

    [Fact]
    public async Task What_was_published_while_no_member_was_connected_is_not_sent_at_QoS_0()
    {
        await using var broker = await TestBroker.StartAsync();
        var member = Assert.Single(await ConnectMembersAsync(broker, 1, QualityOfService.AtMostOnce));
        await member.LoseAsync();
        await broker.PublishAsync("t/a", "away");
        member = await broker.ConnectAsync("member 0");
        await broker.PublishAsync("t/a", "here");
        await member.MessageAsync("here");
    }

    [Fact]
    public async Task What_a_former_member_has_not_confirmed_is_not_lost_by_a_crash()
    {
        await using var broker = await TestBroker.StartAsync();
        var members = await ConnectMembersAsync(broker, 2, QualityOfService.AtLeastOnce);
        await broker.PublishAsync(TestBroker.TopicIn(0), "1");
        await broker.PublishAsync(TestBroker.TopicIn(0), "2");
        var first = await members[0].MessageAsync();
        await members[1].AnswerAsync(await members[1].MessageAsync());
        await members[0].UnsubscribeAsync(Filter);
        await broker.CheckpointAsync();
        await broker.CrashAsync();
        var other = await broker.ConnectAsync("member 1");
        await other.MessageAsync(first.Payload);
        await other.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_message_whose_QoS_2_identifier_could_not_be_recorded_is_not_lost_by_a_crash()
    {
        await using var broker = await TestBroker.StartAsync();
        var member = Assert.Single(await ConnectMembersAsync(broker, 1, QualityOfService.ExactlyOnce, receiveMaximum: 1));
        await member.SubscribeAsync("own");
        await broker.PublishAsync("own", "fills the window");
        var own = await member.MessageAsync();
        await broker.PublishAsync("t/a", "1");
        broker.Log.Answer = AppendStatus.Full;
        await member.AnswerAsync(own);
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State != CommitState.Committing, "the refusal");
        await broker.CheckpointAsync();
        broker.Log.Answer = AppendStatus.Appended;
        await broker.CrashAsync();
        member = await broker.ConnectAsync("member 0");
        await member.MessageAsync("1");
        await member.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_message_that_went_from_a_QoS_1_to_a_QoS_2_member_stays_with_that_one()
    {
        await using var broker = await TestBroker.StartAsync();
        var first = await broker.ConnectAsync("first");
        await first.SubscribeAsync(Filter);
        await broker.PublishAsync("t/a", "1");
        Assert.Equal("1", (await first.MessageAsync()).Payload);
        await first.LoseAsync();
        await broker.CheckpointAsync();
        var second = await broker.ConnectAsync("second");
        await second.SubscribeAsync(Filter, QualityOfService.ExactlyOnce);
        var message = await second.MessageAsync();
        await broker.CrashAsync();
        first = await broker.ConnectAsync("first");
        await first.AssertNothingCameAsync();
        second = await broker.ConnectAsync("second");
        Assert.Equal(message.PacketId, (await second.MessageAsync("1")).PacketId);
        await first.AssertNothingCameAsync();
        await second.AssertNothingCameAsync();
    }

    [Fact]
    public async Task What_a_member_gets_of_the_group_says_nothing_about_what_it_gets_for_itself()
    {
        await using var broker = await TestBroker.StartAsync();
        var member = Assert.Single(await ConnectMembersAsync(broker, 1, QualityOfService.ExactlyOnce, receiveMaximum: 1));
        await member.SubscribeAsync("own/#", QualityOfService.ExactlyOnce);
        var (own, shared) = (OwnTopicIn(0), TestBroker.TopicIn(0));
        var client = new ReceivingClient();
        for (var round = 0; round < 20; round++)
        {
            await broker.PublishAsync(own, "1");
            await broker.PublishAsync(own, "2");
            await broker.PublishAsync(shared, "3");
            while (client.Received.Count < 3)
            {
                await client.ReceiveAsync(member, await member.NextAsync());
            }

            Assert.Equal(["1", "2", "3"], client.Received.Order());
            client.Received.Clear();
        }
    }

    [Fact]
    public async Task Of_a_group_that_has_ended_nothing_is_stored()
    {
        await using var broker = await TestBroker.StartAsync();
        var member = Assert.Single(await ConnectMembersAsync(broker, 1, QualityOfService.AtLeastOnce));
        await member.LoseAsync();
        await broker.CheckpointAsync();
        Assert.Single(await broker.State.LoadSharesAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));
        member = await broker.ConnectAsync("member 0");
        await member.UnsubscribeAsync(Filter);
        await broker.CheckpointAsync();
        Assert.Empty(await broker.State.LoadSharesAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_group_ends_with_its_last_member_and_a_new_one_begins_anew()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync(Filter);
        await broker.PublishAsync("t/a", "1");
        await client.MessageAsync("1");
        await client.LoseAsync();
        await broker.CheckpointAsync();
        client = await broker.ConnectAsync("client");
        await client.UnsubscribeAsync(Filter);
        await broker.PublishAsync("t/a", "nobody");
        await client.SubscribeAsync(Filter);
        await broker.PublishAsync("t/a", "2");
        await client.MessageAsync("2");
        await broker.CrashAsync();
        client = await broker.ConnectAsync("client");
        await broker.PublishAsync("t/a", "3");
        var received = new List<string>();
        while (received.Count == 0 || received[^1] != "3")
        {
            received.Add((await client.MessageAsync()).Payload);
        }

        Assert.DoesNotContain("nobody", received);
        Assert.DoesNotContain("1", received);
    }

    [Fact]
    public async Task A_session_that_ends_leaves_its_messages_to_the_others()
    {
        await using var broker = await TestBroker.StartAsync();
        var temporary = await broker.ConnectAsync("temporary", expirySeconds: 0);
        await temporary.SubscribeAsync(Filter);
        await broker.PublishAsync("t/a", "1");
        Assert.Equal("1", (await temporary.MessageAsync()).Payload);
        var member = Assert.Single(await ConnectMembersAsync(broker, 1, QualityOfService.AtLeastOnce));
        await temporary.LoseAsync();
        await member.MessageAsync("1");
    }

    /// <summary>
    /// Members come and go, stop reading, are taken over; the node crashes. Every message reaches a member at least once, and at QoS 2, by members
    /// that all keep their sessions, exactly once.
    /// </summary>
    [Theory]
    [InlineData(1, QualityOfService.AtLeastOnce)]
    [InlineData(2, QualityOfService.AtLeastOnce)]
    [InlineData(3, QualityOfService.AtLeastOnce)]
    [InlineData(1, QualityOfService.ExactlyOnce)]
    [InlineData(2, QualityOfService.ExactlyOnce)]
    [InlineData(3, QualityOfService.ExactlyOnce)]
    [InlineData(4, QualityOfService.ExactlyOnce)]
    public async Task Whatever_happens_every_message_reaches_a_member(int seed, QualityOfService qualityOfService)
    {
        var random = new Random(seed);
        await using var broker = await TestBroker.StartAsync();
        var members = await ConnectMembersAsync(broker, 4, qualityOfService, receiveMaximum: 5);
        var inboxes = Enumerable.Range(0, 4).Select(_ => new ReceivingClient()).ToArray();
        var published = 0;
        for (var round = 0; round < 40; round++)
        {
            for (var count = random.Next(8); count > 0; count--)
            {
                await broker.PublishAsync(TestBroker.TopicIn(random.Next(4)), $"{++published}");
            }

            var chosen = random.Next(4);
            switch (random.Next(8))
            {
                case 0:
                    await members[chosen].LoseAsync();
                    members[chosen] = await ConnectMemberAsync(broker, chosen, 5);
                    break;
                case 1:
                    members[chosen] = await ConnectMemberAsync(broker, chosen, 5);
                    break;
                case 2 when round % 4 == 0:
                    await broker.InterruptAsync(members[chosen], random.Next(2) == 0 ? Interruption.Crash : Interruption.CrashAfterCheckpoint);
                    for (var index = 0; index < 4; index++)
                    {
                        members[index] = await ConnectMemberAsync(broker, index, 5);
                    }

                    break;
                default:
                    await inboxes[chosen].ReceiveAsync(members[chosen], random.Next(10));
                    break;
            }
        }

        while (inboxes.SelectMany(inbox => inbox.Received).Distinct().Count() < published)
        {
            for (var index = 0; index < 4; index++)
            {
                await members[index].PingAsync();
                await inboxes[index].ReceiveAsync(members[index], int.MaxValue);
            }
        }

        var payloads = inboxes.SelectMany(inbox => inbox.Received).ToList();
        Assert.True(qualityOfService == QualityOfService.AtLeastOnce || payloads.Count == published, $"{payloads.Count} deliveries of {published} messages.");
    }

    private static async Task<TestClient[]> ConnectMembersAsync(
        TestBroker broker, int count, QualityOfService qualityOfService, ushort receiveMaximum = ushort.MaxValue)
    {
        var members = new TestClient[count];
        for (var index = 0; index < count; index++)
        {
            members[index] = await ConnectMemberAsync(broker, index, receiveMaximum);
            var answer = await members[index].SubscribeAsync(Filter, qualityOfService);
            Assert.Equal((ReasonCode)qualityOfService, Assert.Single(answer.Reasons));
        }

        return members;
    }

    private static Task<TestClient> ConnectMemberAsync(TestBroker broker, int index, ushort receiveMaximum)
        => broker.ConnectAsync($"member {index}", with: packet => packet with { ReceiveMaximum = receiveMaximum });

    private static string OwnTopicIn(int partition) => Enumerable.Range(0, 100).Select(number => $"own/{number}").First(
        topic => Partitioning.PartitionOf(Partitioning.KeyHash("default"u8, Encoding.UTF8.GetBytes(topic)), 4) == partition);

    private static async Task AssertNothingCameAsync(IEnumerable<TestClient> clients)
    {
        foreach (var client in clients)
        {
            await client.AssertNothingCameAsync();
        }
    }
}
