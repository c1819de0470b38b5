using System.Text;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Holdfast.Testing;

/// <summary>A client of the broker at the other end of a bridge: has a session, and connects again by itself.</summary>
public sealed class RemoteClient : IAsyncDisposable
{
    private readonly Channel<MqttApplicationMessage> _received = Channel.CreateUnbounded<MqttApplicationMessage>();
    private readonly CancellationTokenSource _stop = new();
    private readonly MqttClientOptions _options;
    private readonly string? _filter;
    private volatile TaskCompletionSource<IMqttClient> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _run = Task.CompletedTask;

    private RemoteClient(int port, string id, string? filter, bool version5)
    {
        _filter = filter;
        _options = new MqttClientOptionsBuilder()
            .WithProtocolVersion(version5 ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311)
            .WithTcpServer("127.0.0.1", port)
            .WithClientId(id)
            .WithCleanStart(false)
            .WithSessionExpiryInterval(version5 ? 3600u : 0)
            .WithTryPrivate(false)
            .Build();
    }

    /// <summary>What arrives.</summary>
    public ChannelReader<MqttApplicationMessage> Received => _received.Reader;

    /// <summary>Connects, and subscribes at QoS 1.</summary>
    public static async Task<RemoteClient> ConnectAsync(int port, string id, string? filter = null, bool version5 = true)
    {
        var client = new RemoteClient(port, id, filter, version5);
        client._run = Task.Run(client.RunAsync);
        await client._connected.Task.WaitAsync(TimeSpan.FromSeconds(120));
        return client;
    }

    /// <summary>
    /// Publishes at QoS 1 until a mosquitto has acknowledged and saved it. It acknowledges first and saves at the end of that turn of its loop; what it answers to a later packet of the same
    /// connection, it answers in a later turn.
    /// </summary>
    public Task PublishSavedAsync(string topic, string payload, CancellationToken cancellationToken)
        => PublishAsync(topic, payload, client => client.PingAsync(cancellationToken), cancellationToken);

    /// <summary>Publishes at QoS 1 until it is acknowledged, on as many connections as that takes.</summary>
    public Task PublishAsync(string topic, string payload, CancellationToken cancellationToken, bool retain = false, params (string Name, string Value)[] properties)
        => PublishAsync(topic, payload, _ => Task.CompletedTask, cancellationToken, retain, properties);

    /// <summary>A user property of a message, or null.</summary>
    public static string? Property(MqttApplicationMessage message, string name)
        => message.UserProperties?.Find(property => property.Name == name) is { } found ? Encoding.UTF8.GetString(found.ValueBuffer.Span) : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    private async Task PublishAsync(
        string topic, string payload, Func<IMqttClient, Task> confirm, CancellationToken cancellationToken, bool retain = false, params (string Name, string Value)[] properties)
    {
        while (true)
        {
            try
            {
                var message = new MqttApplicationMessage
                {
                    Topic = topic,
                    Payload = new System.Buffers.ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(payload)),
                    QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                    Retain = retain,
                    UserProperties = [.. properties.Select(property => new MqttUserProperty(property.Name, Encoding.UTF8.GetBytes(property.Value).AsMemory()))],
                };
                var client = await _connected.Task.WaitAsync(cancellationToken);
                if ((await client.PublishAsync(message, cancellationToken)).IsSuccess)
                {
                    await confirm(client);
                    return;
                }
            }
            catch (Exception exception) when (IsOfConnection(exception) && !cancellationToken.IsCancellationRequested)
            {
                await Task.Yield(); // Again on the next connection.
            }
        }
    }

    private static bool IsOfConnection(Exception exception) => exception is MqttCommunicationException or MqttClientDisconnectedException or MqttClientNotConnectedException
        or InvalidOperationException or OperationCanceledException or ObjectDisposedException or TimeoutException;

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var client = new MqttClientFactory().CreateMqttClient();
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            client.DisconnectedAsync += _ =>
            {
                ended.TrySetResult();
                return Task.CompletedTask;
            };
            client.ApplicationMessageReceivedAsync += received =>
            {
                _received.Writer.TryWrite(received.ApplicationMessage);
                return Task.CompletedTask;
            };
            try
            {
                await client.ConnectAsync(_options, _stop.Token);
                if (_filter is not null)
                {
                    await client.SubscribeAsync(_filter, MqttQualityOfServiceLevel.AtLeastOnce, _stop.Token);
                }

                _connected.TrySetResult(client);
                await ended.Task.WaitAsync(_stop.Token);
                _connected = new TaskCompletionSource<IMqttClient>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            catch (Exception exception) when (IsOfConnection(exception))
            {
                await Task.Yield(); // Nobody is there yet.
            }
        }
    }
}
