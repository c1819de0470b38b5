using System.Buffers;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Holdfast.Server.Demo;

/// <summary>
/// A device that stores and forwards: it makes events whether or not it is connected; they wait in its outbox until they are acknowledged; after a
/// reconnect what is unacknowledged is sent again, in order, under the same stream and sequence.
/// </summary>
/// <param name="model">What the device is.</param>
/// <param name="broker">The broker.</param>
/// <param name="options">The demonstration.</param>
/// <param name="tally">Where it counts.</param>
/// <param name="journal">Where it writes what it does.</param>
/// <param name="time">The clock.</param>
internal sealed class DemoDevice(DeviceModel model, Uri broker, DemoOptions options, DemoTally tally, DemoJournal journal, TimeProvider time) : IDisposable
{
    /// <summary>Most events on their way at once.</summary>
    private const int Window = 8;

    /// <summary>Most events that wait; when it is full, no more are made.</summary>
    private const int OutboxCapacity = 10_000;

    private readonly Channel<DeviceEvent> _outbox = Channel.CreateBounded<DeviceEvent>(OutboxCapacity);
    private readonly Queue<DeviceEvent> _again = new();
    private readonly Queue<(DeviceEvent Event, Task<MqttClientPublishResult> Answer)> _inFlight = new();
    private IMqttClient? _client;
    private Task<bool>? _more;

    /// <summary>Publishes until told to stop, then until the outbox is empty.</summary>
    /// <param name="stopMaking">Cancelled when no more events are made.</param>
    /// <param name="giveUp">Cancelled when the outbox is left as it is.</param>
    public async Task RunAsync(CancellationToken stopMaking, CancellationToken giveUp)
    {
        Task making = MakeAsync(stopMaking);
        try
        {
            await SendAsync(giveUp);
            await DisconnectAsync();
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            journal.Write("gave-up", detail: $"{_outbox.Reader.Count + _again.Count + _inFlight.Count} events unacknowledged");
        }

        await making;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client?.Dispose();
        journal.Dispose();
    }

    private async Task MakeAsync(CancellationToken stopMaking)
    {
        try
        {
            while (true)
            {
                await Task.Delay(model.NextPause(options.Interval), time, stopMaking);
                await _outbox.Writer.WriteAsync(model.Next(time.GetUtcNow()), stopMaking);
            }
        }
        catch (OperationCanceledException)
        {
            _outbox.Writer.Complete();
        }
    }

    private async Task SendAsync(CancellationToken giveUp)
    {
        while (true)
        {
            giveUp.ThrowIfCancellationRequested();
            if (_client is not { IsConnected: true })
            {
                await ReconnectAsync(giveUp);
            }

            SendWaiting();
            _more ??= _outbox.Reader.WaitToReadAsync(giveUp).AsTask();
            if (_inFlight.Count == 0)
            {
                if (!await _more)
                {
                    return;
                }
            }
            else if (_inFlight.Count == Window || _more.IsCompleted)
            {
                await Task.WhenAny(_inFlight.Peek().Answer);
            }
            else
            {
                await Task.WhenAny(_inFlight.Peek().Answer, _more);
            }

            await TakeAnswersAsync();
        }
    }

    // Resends come first, so the order of the sequence is the order on the wire.
    private void SendWaiting()
    {
        while (_inFlight.Count < Window && _again.TryDequeue(out DeviceEvent? old))
        {
            Send(old, "publish-again");
        }

        while (_inFlight.Count < Window && _outbox.Reader.TryRead(out DeviceEvent? next))
        {
            tally.Published();
            Send(next, "publish");
        }

        if (_more is { IsCompletedSuccessfully: true, Result: true } && _outbox.Reader.Count == 0)
        {
            _more = null;
        }
    }

    private void Send(DeviceEvent next, string action)
    {
        journal.Write(action, next.Key, next.Topic);
        var message = new MqttApplicationMessage
        {
            Topic = next.Topic,
            Payload = new ReadOnlySequence<byte>(next.Payload),
            ContentType = "application/json",
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            UserProperties = DemoClientOptions.Name(next.Key),
        };
        _inFlight.Enqueue((next, _client!.PublishAsync(message, CancellationToken.None)));
    }

    private async Task TakeAnswersAsync()
    {
        while (_inFlight.TryPeek(out (DeviceEvent Event, Task<MqttClientPublishResult> Answer) oldest) && oldest.Answer.IsCompleted)
        {
            if (!IsAcknowledged(oldest.Answer))
            {
                // Refused, or lost with the connection: what is unanswered starts again on a new connection, so the order stays.
                journal.Write("not-acknowledged", oldest.Event.Key, detail: Reason(oldest.Answer));
                await DisconnectAsync();
                return;
            }

            NoteAcknowledged(_inFlight.Dequeue());
        }
    }

    private async Task DisconnectAsync()
    {
        if (_client is null)
        {
            return;
        }

        try
        {
            await _client.DisconnectAsync(new MqttClientDisconnectOptions(), CancellationToken.None);
        }
        catch (MqttCommunicationException exception)
        {
            journal.Write("connection-lost", detail: exception.GetBaseException().Message);
        }

        _client.Dispose();
        _client = null;
        journal.Write("disconnected");
        await TakeBackAsync();
    }

    // With the connection gone every answer is decided: what was acknowledged at the last moment counts, the rest goes again.
    private async Task TakeBackAsync()
    {
        await Task.WhenAll(_inFlight.Select(sent => (Task)sent.Answer)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        DeviceEvent[] later = [.. _again];
        _again.Clear();
        while (_inFlight.TryDequeue(out (DeviceEvent Event, Task<MqttClientPublishResult> Answer) sent))
        {
            if (IsAcknowledged(sent.Answer))
            {
                NoteAcknowledged(sent);
            }
            else
            {
                _again.Enqueue(sent.Event);
            }
        }

        Array.ForEach(later, _again.Enqueue);
    }

    private async Task ReconnectAsync(CancellationToken giveUp)
    {
        await DisconnectAsync();
        for (int attempt = 0; ; attempt++)
        {
            _client = new MqttClientFactory().CreateMqttClient();
            try
            {
                MqttClientConnectResult result = await _client.ConnectAsync(DemoClientOptions.Connect(broker, model.Id, 0), giveUp);
                if (result.ResultCode == MqttClientConnectResultCode.Success)
                {
                    journal.Write("connected");
                    return;
                }

                journal.Write("refused", detail: result.ResultCode.ToString());
            }
            catch (MqttCommunicationException exception)
            {
                journal.Write("connect-failed", detail: exception.GetBaseException().Message);
            }

            _client.Dispose();
            _client = null;
            await Task.Delay(model.ReconnectPause(attempt), time, giveUp);
        }
    }

    private void NoteAcknowledged((DeviceEvent Event, Task<MqttClientPublishResult> Answer) sent)
    {
        journal.Write("acknowledged", sent.Event.Key, detail: sent.Answer.Result.ReasonCode.ToString());
        tally.Acknowledged(sent.Event.Key);
    }

    private static bool IsAcknowledged(Task<MqttClientPublishResult> answer) => answer is { IsCompletedSuccessfully: true, Result.IsSuccess: true };

    private static string Reason(Task<MqttClientPublishResult> answer)
        => answer.IsCompletedSuccessfully ? answer.Result.ReasonCode.ToString() : answer.Exception?.GetBaseException().Message ?? "cancelled";
}
