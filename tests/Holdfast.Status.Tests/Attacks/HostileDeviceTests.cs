using System.Collections.Concurrent;
using System.Text;
using Holdfast.Status.Watching;
using Holdfast.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;

namespace Holdfast.Status.Tests.Attacks;

/// <summary>A device of the cloud, with names, topics and payloads of its choice, beside the watcher's own.</summary>
public sealed class HostileDeviceTests : IAsyncLifetime
{
    private const string Script = "<script>alert(1)</script>";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private ServerProcess _cloud = null!;

    public async ValueTask InitializeAsync() => _cloud = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("cloud")));

    public async ValueTask DisposeAsync()
    {
        await _cloud.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task What_devices_say_to_a_watcher_reaches_no_report()
    {
        using IMqttClient device = await ConnectAsync();
        var heard = new ConcurrentDictionary<string, bool>();
        device.ApplicationMessageReceivedAsync += async message =>
        {
            // Whatever the watcher's device sends or gets is answered with script, on the topics that the watcher listens to.
            string[] levels = message.ApplicationMessage.Topic.Split('/');
            if (levels[1].StartsWith("watch-", StringComparison.Ordinal) && message.ApplicationMessage.ConvertPayloadToString() != Script && heard.TryAdd(message.ApplicationMessage.Topic, true))
            {
                await PublishAsync(device, $"devices/{levels[1]}/replies/1");
                await PublishAsync(device, $"devices/{levels[1]}/events/watch");
                await PublishAsync(device, $"devices/{levels[1]}/commands/watch/{Uri.EscapeDataString(Script)}");
            }
        };
        await device.SubscribeAsync("devices/#", cancellationToken: TestContext.Current.CancellationToken);
        await PublishAsync(device, $"devices/{Script.Replace("/", "", StringComparison.Ordinal)}/events/{Script}");

        IReadOnlyList<WatchedStep> steps = [];
        var options = new WatchOptions
        {
            Targets = [new WatchTarget("MQTT", new Uri($"mqtt://127.0.0.1:{_cloud.MqttPort}")), new WatchTarget("HTTP", new Uri($"http://127.0.0.1:{_cloud.HttpPort}"))],
            Device = new Uri($"mqtt://127.0.0.1:{_cloud.MqttPort}"),
            Interval = TimeSpan.FromMilliseconds(200),
            StepTimeout = Patience,
            LateAfter = Patience,
        };
        await using var watcher = new Watcher(options, TimeProvider.System, NullLogger.Instance);
        await watcher.RunAsync(seen => steps = [.. steps, .. seen], 3, TestContext.Current.CancellationToken);
        Assert.NotEmpty(heard);
        Assert.All(steps, step => Assert.DoesNotContain("script", $"{step}", StringComparison.OrdinalIgnoreCase));
        Assert.All(steps.Where(step => step.Step != "clock"), step => Assert.True(step.Verdict == "ok", $"{step}"));
    }

    private static async Task PublishAsync(IMqttClient device, string topic)
    {
        MqttApplicationMessage message = new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(Encoding.UTF8.GetBytes(Script)).Build();
        await device.PublishAsync(message, TestContext.Current.CancellationToken);
    }

    private async Task<IMqttClient> ConnectAsync()
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", _cloud.MqttPort).Build(), TestContext.Current.CancellationToken);
        return client;
    }
}
