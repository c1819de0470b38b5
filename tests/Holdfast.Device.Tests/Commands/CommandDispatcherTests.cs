using System.Buffers;
using System.Text;
using Holdfast.Device.Commands;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;

namespace Holdfast.Device.Tests.Commands;

public sealed class CommandDispatcherTests
{
    private readonly CommandDispatcher _dispatcher = new(
        Harness.MemoryDevice.Options with
        {
            Commands = new Dictionary<string, CommandHandler>
            {
                ["echo"] = (command, _) => Task.FromResult(new CommandReply(command.Payload, command.ContentType)),
                ["config/set"] = (_, _) => Task.FromResult(CommandReply.Empty),
                ["fail"] = (_, _) => throw new InvalidOperationException("The valve is \"stuck\"."),
            },
        },
        NullLogger.Instance,
        CancellationToken.None);

    [Fact]
    public async Task A_request_of_MQTT_5_is_answered_to_its_response_topic_with_its_correlation_data()
    {
        var answer = await AskAsync("devices/d/commands/echo", "hello", "devices/d/replies/x", [1, 2]);
        Assert.Equal(("devices/d/replies/x", "hello", "text/plain"), (answer!.Topic, Text(answer), answer.ContentType));
        Assert.Equal([1, 2], answer.CorrelationData);
    }

    [Theory]
    [InlineData("echo/7", "devices/d/replies/7")]
    [InlineData("config/set/8", "devices/d/replies/8")]
    [InlineData("config/set", null)]
    [InlineData("echo", null)]
    public async Task A_request_of_MQTT_311_has_its_id_in_the_topic(string command, string? expected)
        => Assert.Equal(expected, (await AskAsync($"devices/d/commands/{command}", "x"))?.Topic);

    [Theory]
    [InlineData("fail/1", """{"title":"The valve is \u0022stuck\u0022."}""")]
    [InlineData("unknown/1", """{"title":"This device knows no command \u0027unknown\u0027."}""")]
    public async Task What_fails_is_answered_with_the_reason(string command, string expected)
    {
        var answer = await AskAsync($"devices/d/commands/{command}", "x");
        Assert.Equal((expected, "application/problem+json", "hf-error"), (Text(answer!), answer!.ContentType, Assert.Single(answer.UserProperties).Name));
    }

    [Fact]
    public void Without_handlers_nothing_is_subscribed_to()
    {
        Assert.Equal("devices/d/commands/#", _dispatcher.Filter);
        Assert.Null(new CommandDispatcher(Harness.MemoryDevice.Options, NullLogger.Instance, CancellationToken.None).Filter);
    }

    private static string Text(MqttApplicationMessage message) => Encoding.UTF8.GetString(message.Payload.ToArray());

    private Task<MqttApplicationMessage?> AskAsync(string topic, string text, string? responseTopic = null, byte[]? correlation = null)
        => _dispatcher.ReceiveAsync(new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)),
            ContentType = "text/plain",
            ResponseTopic = responseTopic,
            CorrelationData = correlation,
        });
}
