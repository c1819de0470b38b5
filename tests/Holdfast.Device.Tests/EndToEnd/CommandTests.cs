using System.Text;
using System.Threading.Channels;
using Holdfast.Device.Commands;
using Holdfast.Device.Connections;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>A back end asks a device over a real server, in both versions of MQTT.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Commands_are_answered_also_those_that_came_while_the_device_was_away()
    {
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        var options = new DeviceOptions
        {
            DeviceId = "d",
            Endpoints = [new Uri($"mqtt://127.0.0.1:{server.MqttPort}")],
            SessionExpiry = TimeSpan.FromHours(1),
            Commands = new Dictionary<string, CommandHandler>
            {
                ["double"] = (c, _) => Task.FromResult(new CommandReply(Encoding.ASCII.GetBytes($"{2 * int.Parse(Encoding.ASCII.GetString(c.Payload.Span))}"))),
            },
        };
        using var client = new MqttClientFactory().CreateMqttClient();
        var replies = Channel.CreateUnbounded<MqttApplicationMessage>();
        client.ApplicationMessageReceivedAsync += r => replies.Writer.WriteAsync(r.ApplicationMessage).AsTask();
        var connecting = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", server.MqttPort).WithProtocolVersion(MqttProtocolVersion.V500).Build();
        await client.ConnectAsync(connecting, TestContext.Current.CancellationToken);
        await client.SubscribeAsync("devices/d/replies/#", MqttQualityOfServiceLevel.AtLeastOnce, TestContext.Current.CancellationToken);

        await using (var device = await StartAsync(options))
        {
            await AskAsync(client, "devices/d/commands/double", "21", "devices/d/replies/any");
            Assert.Equal(("devices/d/replies/any", "42", "c"), await NextAsync(replies));
        }

        await AskAsync(client, "devices/d/commands/double/r7", "4", null);
        await using var again = await StartAsync(options);
        var next = await NextAsync(replies);

        // A device that went before its acknowledgement got the first command again.
        next = next.Topic == "devices/d/replies/any" ? await NextAsync(replies) : next;
        Assert.Equal(("devices/d/replies/r7", "8", ""), next);
    }

    private static async Task<HoldfastDevice> StartAsync(DeviceOptions options)
    {
        var device = HoldfastDevice.Start(options);
        await foreach (var status in device.ConnectivityChanges.WithCancellation(TestContext.Current.CancellationToken))
        {
            if (status.State == ConnectivityState.Online)
            {
                break;
            }
        }

        return device;
    }

    private static Task<MqttClientPublishResult> AskAsync(IMqttClient client, string topic, string text, string? responseTopic) => client.PublishAsync(
        new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new(Encoding.ASCII.GetBytes(text)),
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            ResponseTopic = responseTopic,
            CorrelationData = responseTopic is null ? null : "c"u8.ToArray(),
        },
        TestContext.Current.CancellationToken);

    private static async Task<(string Topic, string Text, string Correlation)> NextAsync(Channel<MqttApplicationMessage> replies)
    {
        var reply = await replies.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Soon();
        return (reply.Topic, reply.ConvertPayloadToString(), Encoding.ASCII.GetString(reply.CorrelationData ?? []));
    }
}
