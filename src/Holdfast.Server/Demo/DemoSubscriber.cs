using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Holdfast.Server.Demo;

/// <summary>The back end: a subscriber with a persistent session that comes back after each break and acknowledges what it has counted.</summary>
/// <param name="broker">The broker.</param>
/// <param name="tally">Where it counts.</param>
/// <param name="journal">Where it writes what it does.</param>
/// <param name="time">The clock.</param>
internal sealed class DemoSubscriber(Uri broker, DemoTally tally, DemoJournal journal, TimeProvider time) : IDisposable
{
    private const uint SessionExpirySeconds = 3600;
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(100);

    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the first SUBACK.</summary>
    public Task Subscribed => _subscribed.Task;

    /// <summary>Receives until cancelled.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                using IMqttClient client = new MqttClientFactory().CreateMqttClient();
                var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                client.ApplicationMessageReceivedAsync += ReceiveAsync;
                client.DisconnectedAsync += _ =>
                {
                    lost.TrySetResult();
                    return Task.CompletedTask;
                };
                if (await TryConnectAsync(client, cancellationToken))
                {
                    await lost.Task.WaitAsync(cancellationToken);
                    journal.Write("connection-lost");
                }

                await Task.Delay(ReconnectPause, time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            journal.Write("stopped");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => journal.Dispose();

    private async Task<bool> TryConnectAsync(IMqttClient client, CancellationToken cancellationToken)
    {
        try
        {
            MqttClientConnectResult result = await client.ConnectAsync(DemoClientOptions.Connect(broker, "demo-back-end", SessionExpirySeconds), cancellationToken);
            journal.Write(
                result.ResultCode == MqttClientConnectResultCode.Success ? "connected" : "refused",
                detail: $"{result.ResultCode}, session {(result.IsSessionPresent ? "present" : "new")}");
            if (result.ResultCode != MqttClientConnectResultCode.Success)
            {
                return false;
            }

            // A session that is still there has the subscription; one that is lost would show as lost events, not be repaired in silence.
            if (!_subscribed.Task.IsCompleted)
            {
                var filter = new MqttTopicFilter { Topic = "devices/+/events/#", QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce };
                await client.SubscribeAsync(new MqttClientSubscribeOptions { TopicFilters = [filter] }, cancellationToken);
                journal.Write("subscribed", topic: filter.Topic);
                _subscribed.TrySetResult();
            }

            return true;
        }
        catch (MqttCommunicationException exception)
        {
            journal.Write("connect-failed", detail: exception.GetBaseException().Message);
            return false;
        }
    }

    private Task ReceiveAsync(MqttApplicationMessageReceivedEventArgs arrived)
    {
        EventKey? key = DemoClientOptions.Find(arrived.ApplicationMessage.UserProperties);
        journal.Write("received", key, arrived.ApplicationMessage.Topic, arrived.ApplicationMessage.Dup ? "dup" : null);
        tally.Delivered(Sink.Subscriber, key, null);
        return Task.CompletedTask;
    }
}
