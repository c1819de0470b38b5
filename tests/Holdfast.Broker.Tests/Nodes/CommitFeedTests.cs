using System.Text;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class CommitFeedTests
{
    [Fact]
    public async Task A_reader_of_one_partition_is_woken_by_that_one_and_a_reader_of_several_by_any_of_them()
    {
        await using var broker = await TestBroker.StartAsync();
        var feed = broker.Node.Feed;
        long[] one = [long.MaxValue, feed.AnnouncedOffset(1), long.MaxValue, long.MaxValue];
        long[] several = [feed.AnnouncedOffset(0), feed.AnnouncedOffset(1), long.MaxValue, long.MaxValue];
        var ofOne = feed.WaitAsync(one, TestContext.Current.CancellationToken);
        var ofSeveral = feed.WaitAsync(several, TestContext.Current.CancellationToken);

        await broker.PublishAsync(TestBroker.TopicIn(0), "x");
        await ofSeveral.Within();
        Assert.False(ofOne.IsCompleted);

        await broker.PublishAsync(TestBroker.TopicIn(1), "x");
        await ofOne.Within();
        await feed.WaitAsync(one, TestContext.Current.CancellationToken).Within();
    }

    [Fact]
    public async Task A_session_s_position_is_told_with_what_it_has_confirmed()
    {
        await using var broker = await TestBroker.StartAsync();
        var topic = TestBroker.TopicIn(2);
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync(topic);
        await broker.PublishAsync(topic, "0");
        await broker.PublishAsync(topic, "1");
        await subscriber.MessageAsync("0");
        Assert.Equal("1", (await subscriber.MessageAsync()).Payload); // Not answered.
        await subscriber.PingAsync();
        var positions = broker.Node.SessionPositions;
        var end = broker.Node.Feed.AnnouncedOffset(2);

        var first = Assert.Single(positions.Of("default", Encoding.UTF8.GetBytes(topic), 2, end - 2, 10));
        var second = Assert.Single(positions.Of("default", Encoding.UTF8.GetBytes(topic), 2, end - 1, 10));

        Assert.Equal(("subscriber", true, (int)QualityOfService.AtLeastOnce, end - 1, true), (first.ClientId, first.IsConnected, first.QualityOfService, first.ConfirmedOffset, first.HasConfirmed));
        Assert.False(second.HasConfirmed);
        Assert.Empty(positions.Of("default", "other"u8, 2, end - 1, 10));
        Assert.Empty(positions.Of("other", Encoding.UTF8.GetBytes(topic), 2, end - 1, 10));
    }
}
