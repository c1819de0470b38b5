using System.Text;
using System.Threading.Channels;
using Holdfast.Device.Connections;
using Holdfast.Device.Fallback;
using Holdfast.Device.Outbox;
using Holdfast.Device.Tests.EndToEnd;
using Holdfast.Device.Tests.Harness;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Fallback;

public sealed class FallbackTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Urgent_events_go_the_other_way_once_they_have_waited_and_are_forgotten_when_they_are_stored()
    {
        var channel = new RecordingChannel();
        var options = MemoryDevice.Options with { FallbackChannel = channel, AckDeadline = TimeSpan.FromHours(1) };
        await using var device = MemoryDevice.Start(new NoCloud(), options, _time);
        await device.PublishAsync("usual");
        await device.PublishAsync("urgent 1", EventPriority.Urgent);
        await device.PublishAsync("urgent 2", EventPriority.Urgent);
        _time.Advance(options.FallbackAfter / 2);
        Assert.Equal(0, channel.Count);
        _time.Advance(options.FallbackAfter);
        Assert.Equal("urgent 1", await channel.NextAsync(false));
        Assert.Equal(3, (await device.GetStatisticsAsync()).Waiting);
        _time.Advance(options.FallbackAfter);
        Assert.Equal("urgent 1", await channel.NextAsync(true));
        Assert.Equal("urgent 2", await channel.NextAsync(true));
        _time.Advance(options.FallbackAfter);
        await Task.WhenAll(channel.Settled).Soon();
        Assert.Equal(0, channel.Count);
        Assert.Equal(1, (await device.GetStatisticsAsync()).Waiting);
    }

    [Fact]
    public async Task Online_nothing_goes_the_other_way()
    {
        var channel = new RecordingChannel();
        var cloud = new MemoryCloud();
        var options = MemoryDevice.Options with { FallbackChannel = channel, AckDeadline = TimeSpan.FromDays(1), ReturnInterval = TimeSpan.FromDays(1) };
        await using var device = MemoryDevice.Start(cloud, options, _time);
        await device.PublishAsync("1", EventPriority.Urgent);
        await cloud.NextAsync();
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        cloud.AnswersAtOnce = null;
        await device.PublishAsync("2", EventPriority.Urgent);
        await cloud.NextAsync();
        _time.Advance(options.FallbackAfter * 3);
        Assert.Equal((ConnectivityState.Online, 0), (device.Connectivity.State, channel.Count));
    }

    [Fact]
    public async Task Over_HTTP_an_event_is_kept_once_whichever_way_comes_first()
    {
        using var directory = new TemporaryDirectory();
        await using var server = await ServerProcess.StartAsync(new ServerArguments(directory.Below("data")));
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.HttpPort}") };
        var dead = FreePorts.Take();
        var options = MemoryDevice.Options with
        {
            Endpoints = [new Uri($"mqtt://127.0.0.1:{dead}")],
            Outbox = new OutboxOptions { Directory = directory.Below("outbox") },
            FallbackChannel = new Twice(new HttpFallbackChannel(http, "default")),
            FallbackAfter = TimeSpan.FromMilliseconds(40),
        };
        EventIdentity identity;
        await using (var device = HoldfastDevice.Start(options))
        {
            var publishing = device.PublishAsync(new DeviceEvent("alarm", "fire"u8.ToArray()) { Priority = EventPriority.Urgent, ContentType = "text/plain" });
            identity = await publishing.Soon();
            await ((Twice)options.FallbackChannel).Sent.Task.Soon();
        }

        // The first answer was lost on the way: the device sends the event again, now over MQTT.
        await using var again = HoldfastDevice.Start(options with { FallbackChannel = null, Endpoints = [new Uri($"mqtt://127.0.0.1:{server.MqttPort}")] });
        await again.DrainAsync(TestContext.Current.CancellationToken).Soon();
        var stored = Assert.Single(await StoredEvents.ReadAsync(server, options.DeviceId));
        Assert.Equal((identity.Stream, identity.Sequence, "fire"), stored);
    }

    /// <summary>Stores the event, and says that it has not.</summary>
    private sealed class Twice(IFallbackChannel inner) : IFallbackChannel
    {
        public TaskCompletionSource Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<bool> SendAsync(FallbackEvent fallbackEvent, CancellationToken cancellationToken)
        {
            Assert.True(await inner.SendAsync(fallbackEvent, CancellationToken.None));
            Sent.TrySetResult();
            return false;
        }
    }

    private sealed class NoCloud : ICloudConnector
    {
        public Task<ICloudConnection> ConnectAsync(Uri endpoint, CancellationToken cancellationToken) => throw new CloudConnectException(new ConnectionEnd("No network."));
    }

    private sealed class RecordingChannel : IFallbackChannel
    {
        private readonly Channel<(string Text, TaskCompletionSource<bool> Answer)> _sent = Channel.CreateUnbounded<(string, TaskCompletionSource<bool>)>();

        public int Count => _sent.Reader.Count;

        public List<Task> Settled { get; } = [];

        public async Task<string> NextAsync(bool stored)
        {
            var (text, answer) = await _sent.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Soon();
            answer.SetResult(stored);
            return text;
        }

        public Task<bool> SendAsync(FallbackEvent fallbackEvent, CancellationToken cancellationToken)
        {
            var answer = new TaskCompletionSource<bool>();
            Settled.Add(answer.Task);
            _sent.Writer.TryWrite((Encoding.UTF8.GetString(fallbackEvent.Payload.Span), answer));
            return answer.Task;
        }
    }
}
