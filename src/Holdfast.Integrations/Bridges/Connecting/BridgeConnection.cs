using System.Buffers;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Holdfast.Integrations.Delivery;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Holdfast.Integrations.Bridges.Connecting;

/// <summary>One connection to the other broker. Publishes and acknowledges; what is lost with it is published again on the next one.</summary>
internal sealed class BridgeConnection : IDisposable
{
    /// <summary>Most QoS 0 messages that wait to be stored. Of QoS 1 there are never more than the other broker may leave unacknowledged.</summary>
    public const int MaximumWaiting = 1024;

    /// <summary>What a PUBLISH packet has besides topic, properties and payload, at most, and what this adds to the properties.</summary>
    private const int PacketOverhead = 512;

    private readonly IMqttClient _client;
    private readonly BridgeSettings _settings;
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<MqttApplicationMessageReceivedEventArgs> _received
        = Channel.CreateUnbounded<MqttApplicationMessageReceivedEventArgs>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource _gone = new();
    private SemaphoreSlim _inFlight = new(0);
    private bool _canRetain = true;
    private uint _maximumPacketSize = uint.MaxValue;
    private MqttQualityOfServiceLevel _qos;
    private long _dropped;

    public BridgeConnection(IMqttClient client, BridgeSettings settings)
    {
        (_client, _settings) = (client, settings);
        client.DisconnectedAsync += OnDisconnected;
        client.ApplicationMessageReceivedAsync += OnReceived;
    }

    /// <summary>Completes with the reason when the connection ends.</summary>
    public Task<string> Ended => _ended.Task;

    /// <summary>Cancelled when the connection ends.</summary>
    public CancellationToken Token => _gone.Token;

    /// <summary>What arrives, in order. Completes when the connection ends or nothing more is wanted.</summary>
    public ChannelReader<MqttApplicationMessageReceivedEventArgs> Received => _received.Reader;

    /// <summary>QoS 0 messages that were dropped since more waited than may.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Takes over what the other broker accepts.</summary>
    /// <exception cref="MqttCommunicationException">It accepts too little.</exception>
    public void Accept(MqttClientConnectResult result)
    {
        // A broker that does not say it means the largest [MQTT-3.2.2-21]; the client gives 0 then.
        var receiveMaximum = result.ReceiveMaximum is > 0 and var most ? most : ushort.MaxValue;
        _inFlight.Dispose();
        _inFlight = new SemaphoreSlim(Math.Min(receiveMaximum, _settings.MaxInFlight));
        _canRetain = !_settings.IsVersion5 || result.RetainAvailable;
        _maximumPacketSize = result.MaximumPacketSize is > 0 and var size ? size : uint.MaxValue;
        _qos = (MqttQualityOfServiceLevel)Math.Min(_settings.Qos, _settings.IsVersion5 ? (int)result.MaximumQoS : 2);
        if (_settings.Sends && _qos == MqttQualityOfServiceLevel.AtMostOnce)
        {
            throw new MqttCommunicationException("The other broker takes QoS 0 only, which confirms nothing.");
        }
    }

    /// <summary>Makes the subscriptions, and ends those that are no longer wanted.</summary>
    /// <exception cref="MqttCommunicationException">The connection ended, or the other broker refuses.</exception>
    public async Task SubscribeAsync(CancellationToken cancellationToken)
    {
        foreach (var filter in _settings.RetiredFilters)
        {
            await _client.UnsubscribeAsync(new MqttClientUnsubscribeOptions { TopicFilters = [filter] }, cancellationToken).ConfigureAwait(false);
        }

        foreach (var route in _settings.Inbound)
        {
            var filter = new MqttTopicFilter { Topic = route.Filter, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce };
            if (_settings.IsVersion5)
            {
                filter.NoLocal = true; // What goes out by this bridge does not come back by it.
                filter.RetainAsPublished = true;
                filter.RetainHandling = MqttRetainHandling.SendAtSubscribeIfNewSubscriptionOnly;
            }

            var answer = await _client.SubscribeAsync(new MqttClientSubscribeOptions { TopicFilters = [filter] }, cancellationToken).ConfigureAwait(false);
            var granted = answer.Items.First().ResultCode;
            if (granted is not (MqttClientSubscribeResultCode.GrantedQoS1 or MqttClientSubscribeResultCode.GrantedQoS2))
            {
                throw new MqttCommunicationException($"the subscription to {route.Filter} was refused: {granted} {answer.ReasonString}".TrimEnd());
            }
        }
    }

    /// <summary>Waits for a place in the window.</summary>
    public Task WaitForRoomAsync(CancellationToken cancellationToken) => _inFlight.WaitAsync(cancellationToken);

    /// <summary>Publishes a message, which has a place in the window. Messages leave in the order of the calls.</summary>
    /// <returns>What the other broker said; an attempt without an answer when the connection ended.</returns>
    public async Task<AttemptOutcome> PublishAsync(BridgeMessage message, Action<MqttApplicationMessage> complete, CancellationToken cancellationToken)
    {
        try
        {
            if (message.Payload.Length + message.Properties.Length + Encoding.UTF8.GetByteCount(message.Topic) + PacketOverhead > _maximumPacketSize)
            {
                return new AttemptOutcome(AttemptResult.Refused, (int)MqttClientDisconnectReason.PacketTooLarge, $"the other broker takes packets of {_maximumPacketSize} bytes");
            }

            var published = new MqttApplicationMessage
            {
                Topic = message.Topic,
                Payload = new ReadOnlySequence<byte>(message.Payload),
                QualityOfServiceLevel = _qos,
                Retain = message.Retain && _canRetain,
            };
            complete(published);
            return Judge(await _client.PublishAsync(published, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (IsOfConnection(exception))
        {
            return AttemptOutcome.Unanswered($"not acknowledged: {(Ended.IsCompleted ? Ended.Result : exception.GetBaseException().Message)}");
        }
        finally
        {
            _inFlight.Release();
        }
    }

    /// <summary>Takes no more messages in.</summary>
    public void StopReceiving() => _received.Writer.TryComplete();

    /// <summary>Says goodbye. The session there stays.</summary>
    public async Task DisconnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _client.DisconnectAsync(new MqttClientDisconnectOptions(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsOfConnection(exception))
        {
            // It ended by itself.
        }
    }

    /// <summary>Closes the connection at once.</summary>
    public void Abort(string reason)
    {
        End(reason);
        Dispose();
    }

    public void Dispose()
    {
        _client.DisconnectedAsync -= OnDisconnected;
        _client.ApplicationMessageReceivedAsync -= OnReceived;
        _client.Dispose();
        End("closed here");
    }

    /// <summary>Whether an exception of the client means no more than that the connection is gone.</summary>
    public static bool IsOfConnection(Exception exception) => exception is MqttCommunicationException or MqttClientDisconnectedException or MqttClientNotConnectedException
        or MqttProtocolViolationException or InvalidOperationException or OperationCanceledException or ObjectDisposedException or TimeoutException;

    private static AttemptOutcome Judge(MqttClientPublishResult result) => result.ReasonCode switch
    {
        MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers => new AttemptOutcome(AttemptResult.Delivered, (int)result.ReasonCode, ""),
        MqttClientPublishReasonCode.TopicNameInvalid or MqttClientPublishReasonCode.PayloadFormatInvalid => new AttemptOutcome(AttemptResult.Refused, (int)result.ReasonCode, Text(result)),
        _ => new AttemptOutcome(AttemptResult.Failed, (int)result.ReasonCode, Text(result)),
    };

    private static string Text(MqttClientPublishResult result)
        => string.Create(CultureInfo.InvariantCulture, $"the other broker refused a message: {result.ReasonCode} (0x{(int)result.ReasonCode:x2}) {result.ReasonString}").TrimEnd();

    private Task OnReceived(MqttApplicationMessageReceivedEventArgs received)
    {
        received.AutoAcknowledge = false; // Only after our commit.
        if (received.ApplicationMessage.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce && _received.Reader.Count >= MaximumWaiting)
        {
            Interlocked.Increment(ref _dropped);
        }
        else
        {
            _received.Writer.TryWrite(received);
        }

        return Task.CompletedTask;
    }

    private Task OnDisconnected(MqttClientDisconnectedEventArgs ended)
    {
        var why = ended.ReasonString is { Length: > 0 } text ? text : ended.Exception?.GetBaseException().Message ?? ended.Reason.ToString();
        End($"the connection was lost: {why}");
        return Task.CompletedTask;
    }

    private void End(string reason)
    {
        _received.Writer.TryComplete();
        _ended.TrySetResult(reason);
        _gone.Cancel();
    }
}
