using System.Buffers;
using Holdfast.Server.CommandLine;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Packets;

namespace Holdfast.Server.Clients;

/// <summary>Runs <c>sub</c>: prints, then acknowledges; connects again when the connection is lost.</summary>
/// <param name="options">What to subscribe to.</param>
/// <param name="terminal">The standard streams.</param>
/// <param name="time">The clock of the time limit.</param>
internal sealed class SubCommand(SubOptions options, Terminal terminal, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromSeconds(1);

    private readonly ClientConnection _connection = new(options.Client, terminal);
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _printed;

    /// <summary>Prints what arrives until the end that was asked for.</summary>
    /// <param name="cancellationToken">Ends it with success.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration interrupted = cancellationToken.Register(() => _ended.TrySetResult(ExitCodes.Success));
        using ITimer? timer = options.TimeLimit is { } limit
            ? time.CreateTimer(_ => _ended.TrySetResult(ExitCodes.TimedOut), null, limit, Timeout.InfiniteTimeSpan)
            : null;
        _connection.Client.ApplicationMessageReceivedAsync += ReceiveAsync;
        _connection.Client.DisconnectedAsync += ReconnectAsync;
        int code = await StartAsync();
        if (code != ExitCodes.Success)
        {
            return code;
        }

        if (options.ExitAfterSubscribe)
        {
            _ended.TrySetResult(ExitCodes.Success);
        }

        code = await _ended.Task;
        await _connection.DisconnectAsync();
        return code;
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private async Task<int> StartAsync(bool isAgain = false)
    {
        int code = await _connection.ConnectAsync(CancellationToken.None, isAgain);
        return code == ExitCodes.Success ? await SubscribeAsync() : code;
    }

    private async Task<int> SubscribeAsync()
    {
        if (options.Unsubscribe.Count > 0)
        {
            var unsubscribe = new MqttClientUnsubscribeOptions { TopicFilters = [.. options.Unsubscribe] };
            PacketProperties.Apply(options.Client.Properties, unsubscribe);
            await _connection.Client.UnsubscribeAsync(unsubscribe, CancellationToken.None);
        }

        if (options.Filters.Count == 0)
        {
            return ExitCodes.Success;
        }

        var subscribe = new MqttClientSubscribeOptions
        {
            TopicFilters = [.. options.Filters.Select(filter => new MqttTopicFilter { Topic = filter, QualityOfServiceLevel = options.Client.QualityOfService })],
        };
        PacketProperties.Apply(options.Client.Properties, subscribe);
        MqttClientSubscribeResult result = await _connection.Client.SubscribeAsync(subscribe, CancellationToken.None);
        MqttClientSubscribeResultItem[] refused = [.. result.Items.Where(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2)];
        foreach (MqttClientSubscribeResultItem item in refused)
        {
            _connection.Warn($"the broker refused the subscription '{item.TopicFilter.Topic}': {item.ResultCode}{ClientConnection.Because(result.ReasonString)}");
        }

        _connection.Debug($"SUBACK {string.Join(", ", result.Items.Select(item => $"{item.TopicFilter.Topic}: {item.ResultCode}"))}");
        return refused.Length == options.Filters.Count ? ExitCodes.Failure : ExitCodes.Success;
    }

    private async Task ReceiveAsync(MqttApplicationMessageReceivedEventArgs arrived)
    {
        if (_ended.Task.IsCompleted)
        {
            arrived.AutoAcknowledge = false;
            return;
        }

        MqttApplicationMessage message = arrived.ApplicationMessage;
        _connection.Debug($"PUBLISH {message.Topic}, QoS {(int)message.QualityOfServiceLevel}, {message.Payload.Length} bytes");
        if (options.RetainedOnly && !message.Retain)
        {
            _ended.TrySetResult(ExitCodes.Success);
            return;
        }

        bool hidden = (options.SkipRetained && message.Retain) || options.FilterOut.Any(filter => Matches(message.Topic, filter));
        if (hidden)
        {
            return;
        }

        Print(new ReceivedMessage(message, arrived.PacketIdentifier, time.GetLocalNow()));
        if (options.RemoveRetained && message.Retain)
        {
            await _connection.Client.PublishAsync(new MqttApplicationMessage { Topic = message.Topic, Retain = true });
        }

        if (++_printed == options.Count)
        {
            // The last message is acknowledged before the end, or it would come again.
            await arrived.AcknowledgeAsync(CancellationToken.None);
            arrived.AutoAcknowledge = false;
            _ended.TrySetResult(ExitCodes.Success);
        }
    }

    private void Print(ReceivedMessage received)
    {
        _buffer.ResetWrittenCount();
        options.Format.Write(received, _buffer);
        if (!options.NoLineEnd)
        {
            _buffer.Write("\n"u8);
        }

        terminal.Output.Write(_buffer.WrittenSpan);
        terminal.Output.Flush();
    }

    private async Task ReconnectAsync(MqttClientDisconnectedEventArgs lost)
    {
        if (!lost.ClientWasConnected || _ended.Task.IsCompleted)
        {
            return;
        }

        string reason = string.IsNullOrEmpty(lost.ReasonString) ? lost.Reason == MqttClientDisconnectReason.NormalDisconnection ? "" : $" ({lost.Reason})" : $" ({lost.ReasonString})";
        _connection.Warn($"the connection was lost{reason}; connecting again until it works.");
        while (!_ended.Task.IsCompleted)
        {
            await Task.WhenAny(_ended.Task, Task.Delay(ReconnectPause, time));
            try
            {
                if (_ended.Task.IsCompleted || await StartAsync(isAgain: true) == ExitCodes.Success)
                {
                    return;
                }
            }
            catch (MqttCommunicationException exception)
            {
                _connection.Debug(exception.Message);
            }
        }
    }

    private static bool Matches(string topic, string filter) => MqttTopicFilterComparer.Compare(topic, filter) == MqttTopicFilterCompareResult.IsMatch;
}
