using Holdfast.Status.Reports;
using MQTTnet;

namespace Holdfast.Status.Watching;

/// <summary>
/// A synthetic device and its back end, at any MQTT broker. In each round a fresh connection is made, as a device does that starts; and over connections that are held from
/// round to round, as devices hold them, a message is published, acknowledged and received. So it is found out when those who are connected only believe that they are served.
/// </summary>
internal sealed class MqttProbe : IProbe
{
    private readonly WatchTarget _target;
    private readonly StepRunner _steps;
    private readonly Arrivals _arrivals = new();
    private readonly MqttClientFactory _factory = new();
    private readonly IMqttClient _publisher;
    private readonly IMqttClient _subscriber;
    private readonly string _id = $"watch-{Guid.NewGuid().ToString("N")[..12]}";
    private long _round;

    public MqttProbe(WatchTarget target, WatchOptions options, TimeProvider time)
    {
        _target = target;
        _steps = new StepRunner(target.Component, options, time);
        _publisher = _factory.CreateMqttClient();
        _subscriber = _factory.CreateMqttClient();
        _subscriber.ApplicationMessageReceivedAsync += message =>
        {
            _arrivals.Arrived(message.ApplicationMessage.ConvertPayloadToString() ?? "");
            return Task.CompletedTask;
        };
        _publisher.ApplicationMessageReceivedAsync += ReplyAsync;
    }

    private string Topic => $"devices/{_id}/events/watch";

    // Commands as any MQTT 3.1.1 device gets and answers them.
    private string Commands => $"devices/{_id}/commands/watch/";

    private string Replies => $"devices/{_id}/replies/";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReportedObservation>> RunAsync(CancellationToken cancellationToken)
    {
        string mark = $"{_id}:{++_round}";
        bool wasSubscribed = _subscriber.IsConnected;
        Task<ReportedObservation> connect = _steps.RunAsync("connect", ConnectAfreshAsync, "no answer to CONNECT", cancellationToken);
        Task<ReportedObservation> subscribe = _steps.RunAsync("subscribe", SubscribeAsync, "no answer to SUBSCRIBE", cancellationToken);
        if (!wasSubscribed)
        {
            await subscribe.ConfigureAwait(false);
        }

        Task arrival = _arrivals.Expect(mark);
        try
        {
            List<ReportedObservation> exchange = await ExchangeAsync(mark, arrival, wasSubscribed, cancellationToken).ConfigureAwait(false);
            return [await connect.ConfigureAwait(false), await subscribe.ConfigureAwait(false), .. exchange];
        }
        finally
        {
            _arrivals.Forget(mark);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _publisher.Dispose();
        _subscriber.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<List<ReportedObservation>> ExchangeAsync(string mark, Task arrival, bool wasSubscribed, CancellationToken cancellationToken)
    {
        if (!_publisher.IsConnected)
        {
            ReportedObservation again = await _steps.RunAsync("connect", token => ConnectDeviceAsync(token), "", cancellationToken).ConfigureAwait(false);
            if (again.Verdict == "failed")
            {
                return [];
            }
        }

        // From the publish on, whatever the acknowledgement does: a message may well be delivered before.
        Task<ReportedObservation> deliver = _steps.RunAsync("deliver", arrival.WaitAsync, "acknowledged, but not delivered", cancellationToken);
        ReportedObservation acknowledge = await _steps.RunAsync(
            "acknowledge", token => _publisher.PublishTextAsync(Topic, mark, token), "connected, but not committing: no acknowledgement", cancellationToken).ConfigureAwait(false);
        bool isReached = acknowledge.Verdict != "failed" && (wasSubscribed || _subscriber.IsConnected);
        ReportedObservation delivered = await deliver.ConfigureAwait(false);
        if (!isReached)
        {
            return [acknowledge];
        }

        // What events do not reach, answers do not reach either.
        return delivered.Verdict == "failed" ? [acknowledge, delivered]
            : [acknowledge, delivered, await _steps.RunAsync("command", token => CommandAsync(mark, token), "sent, but not answered", cancellationToken).ConfigureAwait(false)];
    }

    private async Task CommandAsync(string mark, CancellationToken cancellationToken)
    {
        string answer = $"{mark}:answer";
        Task arrival = _arrivals.Expect(answer);
        try
        {
            await _subscriber.PublishTextAsync(Commands + _round.ToString(System.Globalization.CultureInfo.InvariantCulture), answer, cancellationToken).ConfigureAwait(false);
            await arrival.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _arrivals.Forget(answer);
        }
    }

    // The device answers a command with what it says. Not awaited: the client reads on meanwhile.
    private Task ReplyAsync(MqttApplicationMessageReceivedEventArgs message)
    {
        string topic = message.ApplicationMessage.Topic;
        if (topic.StartsWith(Commands, StringComparison.Ordinal))
        {
            _ = _publisher.TryPublishTextAsync(Replies + topic[Commands.Length..], message.ApplicationMessage.ConvertPayloadToString() ?? "");
        }

        return Task.CompletedTask;
    }

    private async Task ConnectAfreshAsync(CancellationToken cancellationToken)
    {
        using IMqttClient client = _factory.CreateMqttClient();
        await ConnectAsync(client, "connect", cancellationToken).ConfigureAwait(false);
        await client.DisconnectAsync(new MqttClientDisconnectOptions(), cancellationToken).ConfigureAwait(false);
    }

    private Task ConnectAsync(IMqttClient client, string role, CancellationToken cancellationToken)
        => client.ConnectAsync(_target.Address, $"{_id}-{role}", cancellationToken);

    private async Task SubscribeAsync(CancellationToken cancellationToken)
    {
        if (!_subscriber.IsConnected)
        {
            await ConnectAsync(_subscriber, "subscriber", cancellationToken).ConfigureAwait(false);
        }

        await _subscriber.SubscribeOnceAsync(Topic, cancellationToken).ConfigureAwait(false);
        await _subscriber.SubscribeOnceAsync(Replies + "+", cancellationToken).ConfigureAwait(false);
    }

    private async Task ConnectDeviceAsync(CancellationToken cancellationToken)
    {
        await ConnectAsync(_publisher, "publisher", cancellationToken).ConfigureAwait(false);
        await _publisher.SubscribeOnceAsync(Commands + "+", cancellationToken).ConfigureAwait(false);
    }
}
