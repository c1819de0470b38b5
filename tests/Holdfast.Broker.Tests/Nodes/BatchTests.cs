using Holdfast.Broker.Publishing;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class BatchTests
{
    private const string Topic = "devices/d/events";

    [Theory]
    [InlineData(ProtocolVersion.Mqtt5)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public async Task A_batch_becomes_single_events_with_their_own_names_times_and_sequences(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("devices/+/events/#");
        var publisher = await broker.ConnectAsync("publisher", version: version);
        var batch = new BatchBytes().Head("s", 7, 1700000000000)
            .Byte(0x03).Text("a/b").Text("text/plain").Payload("1")
            .Byte(0x0F).Text("c").Text("").Number(2).Number(2000).Payload("2").ToArray();
        await publisher.AckFromServerAsync(PacketType.PubAck, await publisher.PublishBytesAsync(Topic, batch));

        var one = await subscriber.MessageAsync("1");
        Assert.Equal(("devices/d/events/a/b", "text/plain"), (one.Topic, one.ContentType));
        Assert.Equal([new UserProperty("hf-stream", "s"), new("hf-seq", "7"), new("hf-published-at", "1700000000000")], one.UserProperties);
        var two = await subscriber.MessageAsync("2");
        Assert.Equal(("devices/d/events/c", null), (two.Topic, two.ContentType));
        Assert.Equal([new UserProperty("hf-stream", "s"), new("hf-seq", "10"), new("hf-published-at", "1700000001000")], two.UserProperties);
    }

    [Fact]
    public async Task Each_event_is_deduplicated_by_itself_whether_it_came_in_a_batch_or_alone()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("devices/d/#");
        var publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAsync("devices/d/events/a", "2", sequence: ("s", 2));
        foreach (var (first, texts) in new (ulong, string[])[] { (1, ["1", "2 again", "3"]), (2, ["2 again", "3 again", "4"]) })
        {
            var packetId = await publisher.PublishBytesAsync(Topic, BatchBytes.Of("s", first, texts.Select(t => ("a", t))));
            await publisher.AckFromServerAsync(PacketType.PubAck, packetId);
        }

        foreach (var expected in (string[])["2", "1", "3", "4"])
        {
            await subscriber.MessageAsync(expected);
        }

        await subscriber.AssertNothingCameAsync();
    }

    [Fact]
    public async Task It_is_acknowledged_once_when_all_its_events_are_committed_even_if_they_do_not_fit_into_one_group()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("devices/d/#", QualityOfService.AtMostOnce);
        var publisher = await broker.ConnectAsync("publisher");
        broker.Log.Gate.Close();
        var committing = broker.Log.Gate.WaitForArrivalAsync();
        var batch = new BatchBytes().Head("s", 1, 0);
        for (var i = 0; i < DeviceBatchReader.MaximumEvents; i++)
        {
            _ = (i == 0 ? batch.Byte(1).Text(new string('n', 250)) : batch.Byte(0)).Payload($"{i}:{new string('x', 200)}");
        }

        var before = await publisher.PublishBytesAsync(Topic, BatchBytes.Of("s", 5000, ("a", "before")));
        await committing.Within();
        var publishing = publisher.PublishBytesAsync(Topic, batch.ToArray());
        Assert.False(publishing.IsCompleted);
        broker.Log.Gate.LetOneGo();
        var packetId = await publishing.Within();
        await publisher.AckFromServerAsync(PacketType.PubAck, before);
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        broker.Log.Gate.LetOneGo();
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await subscriber.MessageAsync("before");
        for (var i = 0; i < 500; i++)
        {
            Assert.StartsWith($"{i}:", (await subscriber.MessageAsync()).Payload, StringComparison.Ordinal);
        }

        await publisher.AssertNothingCameAsync();

        broker.Log.Gate.Open();
        await publisher.AckFromServerAsync(PacketType.PubAck, packetId);
        for (var i = 500; i < DeviceBatchReader.MaximumEvents; i++)
        {
            Assert.StartsWith($"{i}:", (await subscriber.MessageAsync()).Payload, StringComparison.Ordinal);
        }

        await publisher.AssertNothingCameAsync();
    }

    [Theory]
    [InlineData("C5484642FF", QualityOfService.AtLeastOnce, ReasonCode.PayloadFormatInvalid)]
    [InlineData("C5484642" + "01" + "0173" + "01" + "00" + "01" + "0161" + "0131" + "00" + "05", QualityOfService.AtLeastOnce, ReasonCode.PayloadFormatInvalid)]
    [InlineData("C5484642" + "01" + "0173" + "01" + "00" + "01" + "0161" + "0131", QualityOfService.AtMostOnce, ReasonCode.QosNotSupported)]
    [InlineData("C5484642" + "01" + "0173" + "01" + "00" + "01" + "0161" + "0131", QualityOfService.ExactlyOnce, ReasonCode.QosNotSupported)]
    public async Task A_batch_that_is_refused_leaves_nothing_behind(string batch, QualityOfService qualityOfService, ReasonCode expected)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("#");
        var publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishBytesAsync(Topic, Convert.FromHexString(batch), qualityOfService);
        var refusal = await publisher.TakeAsync(PacketType.Disconnect);
        Assert.Equal(expected, refusal.Reason);
        Assert.Contains("batch", refusal.Disconnect!.ReasonString, StringComparison.Ordinal);
        await broker.PublishAsync("marker", "marker");
        await subscriber.MessageAsync("marker");
    }

    [Fact]
    public async Task What_does_not_begin_like_a_batch_and_what_goes_elsewhere_is_an_ordinary_message()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("#");
        var publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAndWaitAsync(Topic, "text");
        Assert.Equal(Topic, (await subscriber.MessageAsync("text")).Topic);
        await publisher.PublishBytesAsync("devices/d/events/x", BatchBytes.Of("s", 1, ("a", "1")));
        Assert.Equal("devices/d/events/x", (await subscriber.MessageAsync()).Topic);
    }

    [Fact]
    public async Task The_server_tells_that_it_takes_batches_and_its_time()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        Assert.Contains(new UserProperty("hf-batch", "1"), client.ConnAck.UserProperties);
        Assert.Contains(new UserProperty("hf-time", broker.Time.GetUtcNow().ToUnixTimeMilliseconds().ToString()), client.ConnAck.UserProperties);
    }
}
