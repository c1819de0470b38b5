using System.Buffers;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Holdfast.Server.Demo;

/// <summary>
/// A device that stores and forwards: events wait in its outbox until they are acknowledged; after a reconnect what is unacknowledged is sent again,
/// in order, under the same stream and sequence.
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

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly Queue<DeviceEvent> _outbox = new();
    private readonly Queue<(DeviceEvent Event, Task<MqttClientPublishResult> Answer)> _inFlight = new();
    private ulong _lastSentFirst;

    /// <summary>Publishes until told to stop, then until the outbox is empty.</summary>
    /// <param name="stopMaking">Cancelled when no more events are made.</param>
    /// <param name="giveUp">Cancelled when the outbox is left as it is.</param>
    public async Task RunAsync(CancellationToken stopMaking, CancellationToken giveUp)
    {
        try
        {
            await SendLoopAsync(stopMaking, giveUp);
            await _client.DisconnectAsync(new MqttClientDisconnectOptions(), CancellationToken.None);
            journal.Write("disconnected");
        }
        catch (OperationCanceledException)
        {
            journal.Write("gave-up", detail: $"{_outbox.Count + _inFlight.Count} events unacknowledged");
        }
        catch (MqttCommunicationException exception)
        {
            journal.Write("connection-lost", detail: exception.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        journal.Dispose();
    }

    private async Task SendLoopAsync(CancellationToken stopMaking, CancellationToken giveUp)
    {
        Task pause = Task.Delay(model.NextPause(options.Interval), time, CancellationToken.None);
        while (!stopMaking.IsCancellationRequested || _outbox.Count + _inFlight.Count > 0)
        {
            giveUp.ThrowIfCancellationRequested();
            if (pause.IsCompleted && !stopMaking.IsCancellationRequested)
            {
                _outbox.Enqueue(model.Next(time.GetUtcNow()));
                pause = Task.Delay(model.NextPause(options.Interval), time, CancellationToken.None);
            }

            if (!_client.IsConnected)
            {
                await ReconnectAsync(giveUp);
            }

            SendWaiting();
            Task answer = _inFlight.Count > 0 ? _inFlight.Peek().Answer : pause;
            await Task.WhenAny(answer, pause);
            await TakeAnswersAsync(giveUp);
        }
    }

    private async Task ReconnectAsync(CancellationToken giveUp)
    {
        // What was on its way goes back to the head of the outbox, in order.
        await Task.WhenAll(_inFlight.Select(sent => (Task)sent.Answer)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach ((DeviceEvent, Task<MqttClientPublishResult> Answer) sent in _inFlight.Where(sent => IsAcknowledged(sent.Answer)))
        {
            NoteAcknowledged(sent);
        }

        DeviceEvent[] unanswered = [.. _inFlight.Where(sent => !IsAcknowledged(sent.Answer)).Select(sent => sent.Event), .. _outbox];
        _inFlight.Clear();
        _outbox.Clear();
        Array.ForEach(unanswered, _outbox.Enqueue);
        for (int attempt = 0; !_client.IsConnected; attempt++)
        {
            giveUp.ThrowIfCancellationRequested();
            try
            {
                MqttClientConnectResult result = await _client.ConnectAsync(DemoClientOptions.Connect(broker, model.Id, 0), giveUp);
                journal.Write(result.ResultCode == MqttClientConnectResultCode.Success ? "connected" : "refused", detail: result.ResultCode.ToString());
            }
            catch (MqttCommunicationException exception)
            {
                journal.Write("connect-failed", detail: exception.GetBaseException().Message);
            }

            if (!_client.IsConnected)
            {
                await Task.Delay(model.ReconnectPause(attempt), time, giveUp);
            }
        }
    }

    private void SendWaiting()
    {
        while (_inFlight.Count < Window && _outbox.TryDequeue(out DeviceEvent? next))
        {
            bool isFirstTime = next.Key.Sequence > _lastSentFirst;
            if (isFirstTime)
            {
                _lastSentFirst = next.Key.Sequence;
                tally.Published();
            }

            journal.Write(isFirstTime ? "publish" : "publish-again", next.Key, next.Topic);
            var message = new MqttApplicationMessage
            {
                Topic = next.Topic,
                Payload = new ReadOnlySequence<byte>(next.Payload),
                ContentType = "application/json",
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                UserProperties = DemoClientOptions.Name(next.Key),
            };
            _inFlight.Enqueue((next, _client.PublishAsync(message, CancellationToken.None)));
        }
    }

    private async Task TakeAnswersAsync(CancellationToken giveUp)
    {
        while (_inFlight.TryPeek(out (DeviceEvent Event, Task<MqttClientPublishResult> Answer) oldest) && oldest.Answer.IsCompleted)
        {
            if (IsAcknowledged(oldest.Answer))
            {
                NoteAcknowledged(_inFlight.Dequeue());
                continue;
            }

            // Refused, or lost with the connection: what is unanswered starts again on a new connection, so the order stays.
            journal.Write("not-acknowledged", oldest.Event.Key, detail: Reason(oldest.Answer));
            if (_client.IsConnected)
            {
                await _client.DisconnectAsync(new MqttClientDisconnectOptions(), giveUp);
            }

            await ReconnectAsync(giveUp);
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
