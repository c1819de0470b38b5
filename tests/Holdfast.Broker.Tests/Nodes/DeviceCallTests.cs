using System.Text;
using Holdfast.Broker.Calls;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

/// <summary>The server calls devices of both versions of MQTT.</summary>
public sealed class DeviceCallTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task An_MQTT_5_device_answers_at_the_response_topic(QualityOfService qualityOfService)
    {
        await using var broker = await TestBroker.StartAsync();
        var device = await broker.ConnectAsync("d");
        await device.SubscribeAsync("devices/d/commands/#");

        var call = CallAsync(broker);
        var command = await device.MessageAsync("now");
        Assert.Equal("devices/d/commands/valve/close", command.Topic);
        Assert.Equal($"devices/d/replies/{command.CorrelationData}", command.ResponseTopic);
        Assert.Equal(("text/plain", 10u), (command.ContentType, command.MessageExpirySeconds));
        await device.PublishAsync(command.ResponseTopic!, "closed", qualityOfService);

        var result = await call.Within();
        Assert.Equal((CallStatus.Answered, "closed", null), (result.Status, Text(result), result.Reply!.Error));
        Assert.NotNull(result.EventId);
    }

    [Fact]
    public async Task An_MQTT_311_device_finds_the_request_id_at_the_end_of_the_topic()
    {
        await using var broker = await TestBroker.StartAsync();
        var device = await broker.ConnectAsync("d", version: ProtocolVersion.Mqtt311);
        await device.SubscribeAsync("devices/d/commands/#");

        var call = CallAsync(broker);
        var command = await device.MessageAsync("now");
        Assert.StartsWith("devices/d/commands/valve/close/", command.Topic, StringComparison.Ordinal);
        await device.PublishAsync($"devices/d/replies/{command.Topic.Split('/')[^1]}", "closed");

        Assert.Equal("closed", Text(await call.Within()));
    }

    [Fact]
    public async Task A_subscription_of_MQTT_311_that_would_not_match_gets_the_topic_as_it_is()
    {
        await using var broker = await TestBroker.StartAsync();
        var device = await broker.ConnectAsync("d", version: ProtocolVersion.Mqtt311);
        await device.SubscribeAsync("devices/d/commands/valve/close");

        var call = CallAsync(broker);

        Assert.Equal("devices/d/commands/valve/close", (await device.MessageAsync("now")).Topic);
        await broker.AdvanceUntilAsync(() => call.IsCompleted, "the call gives up");
        Assert.Equal(CallStatus.NoAnswer, (await call).Status);
    }

    [Fact]
    public async Task A_command_that_nobody_would_get_is_not_sent()
    {
        await using var broker = await TestBroker.StartAsync();
        await (await broker.ConnectAsync("other")).SubscribeAsync("devices/e/commands/#");
        var atMostOnce = await broker.ConnectAsync("d");
        await atMostOnce.SubscribeAsync("devices/d/commands/#", QualityOfService.AtMostOnce);
        await atMostOnce.LoseAsync();

        Assert.Equal(CallStatus.NobodySubscribes, (await CallAsync(broker).Within()).Status);
        Assert.Equal(CallStatus.NobodySubscribes, (await StoreAsync(broker).Within()).Status);
        Assert.Equal(0, broker.Log.AppendedGroups);
    }

    [Fact]
    public async Task A_stored_command_waits_for_the_device_and_one_that_somebody_waited_for_does_not()
    {
        await using var broker = await TestBroker.StartAsync();
        var device = await broker.ConnectAsync("d");
        await device.SubscribeAsync("devices/d/commands/#");
        await device.LoseAsync();

        var call = CallAsync(broker);
        await broker.AdvanceUntilAsync(() => call.IsCompleted, "the call gives up");
        Assert.Equal(CallStatus.NoAnswer, (await call).Status);
        var stored = await StoreAsync(broker, "later").Within();
        Assert.Equal(CallStatus.Stored, stored.Status);

        var again = await broker.ConnectAsync("d");
        var command = await again.MessageAsync("later");
        Assert.Equal((stored.ReplyTopic, null), (command.ResponseTopic, command.MessageExpirySeconds));
        await again.AssertNothingCameAsync();
    }

    [Fact]
    public async Task An_answer_of_another_device_or_to_another_request_is_none()
    {
        await using var broker = await TestBroker.StartAsync();
        var device = await broker.ConnectAsync("d");
        await device.SubscribeAsync("devices/d/commands/#");

        var call = CallAsync(broker);
        var id = (await device.MessageAsync("now")).CorrelationData;
        await device.PublishAndWaitAsync($"devices/e/replies/{id}", "no");
        await device.PublishAndWaitAsync($"devices/d/replies/{id}1", "no");
        await device.PublishAndWaitAsync($"devices/d/replies/{id}", "yes");

        Assert.Equal("yes", Text(await call.Within()));
    }

    [Fact]
    public async Task Calls_that_wait_are_bounded_for_a_device_and_for_the_node()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { WaitingCalls = 3, WaitingCallsOfDevice = 2 });
        var device = await broker.ConnectAsync("all");
        await device.SubscribeAsync("devices/+/commands/#");

        var first = CallAsync(broker);
        var second = CallAsync(broker);
        Assert.Equal(CallStatus.TooManyCalls, (await CallAsync(broker).Within()).Status);
        var third = CallAsync(broker, "e");
        Assert.Equal(CallStatus.TooManyCalls, (await CallAsync(broker, "f").Within()).Status);

        await broker.AdvanceUntilAsync(() => first.IsCompleted && second.IsCompleted && third.IsCompleted, "the calls give up");
        var next = CallAsync(broker);
        Assert.False(next.IsCompleted);
        await broker.AdvanceUntilAsync(() => next.IsCompleted, "the call gives up");
        Assert.Equal(CallStatus.NoAnswer, (await next).Status);
    }

    [Theory]
    [InlineData("", "x")]
    [InlineData("d", "")]
    [InlineData("d/e", "x")]
    [InlineData("+", "x")]
    [InlineData("d", "x/#")]
    public async Task What_makes_no_topic_is_refused(string device, string name)
    {
        await using var broker = await TestBroker.StartAsync();
        var command = new DeviceCommand { Product = "default", Device = device, Name = name, Payload = default, Caller = "test" };

        Assert.Equal(CallStatus.TopicInvalid, (await broker.Node.Calls.CallAsync(command, Wait, CancellationToken.None)).Status);
    }

    private static string Text(CallResult result) => Encoding.UTF8.GetString(result.Reply!.Payload.Span);

    private static Task<CallResult> CallAsync(TestBroker broker, string device = "d")
        => broker.Node.Calls.CallAsync(Command(device, "now"), Wait, CancellationToken.None).AsTask();

    private static Task<CallResult> StoreAsync(TestBroker broker, string payload = "now")
        => broker.Node.Calls.StoreAsync(Command("d", payload), null, CancellationToken.None).AsTask();

    private static DeviceCommand Command(string device, string payload) => new()
    {
        Product = "default",
        Device = device,
        Name = "valve/close",
        Payload = Encoding.UTF8.GetBytes(payload),
        ContentType = "text/plain",
        Caller = "test",
    };
}
