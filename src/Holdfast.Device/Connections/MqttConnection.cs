using System.Buffers;
using System.Globalization;
using System.Text;
using Holdfast.Device.Batches;
using Holdfast.Device.Outbox;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Holdfast.Device.Connections;

/// <summary>A connection of the MQTT client.</summary>
internal sealed class MqttConnection : ICloudConnection
{
    private readonly IMqttClient _client;
    private readonly string _eventsTopic;
    private readonly IReadOnlyList<IMessageReceiver> _receivers;
    private readonly Func<string?> _serverReference;
    private readonly Dictionary<string, ushort> _aliases = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<ConnectionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ushort _aliasMaximum;

    /// <param name="client">The client.</param>
    /// <param name="options">The device.</param>
    /// <param name="receivers">Who hears messages.</param>
    /// <param name="serverReference">The Server Reference of a DISCONNECT, if one came.</param>
    public MqttConnection(IMqttClient client, DeviceOptions options, IReadOnlyList<IMessageReceiver> receivers, Func<string?> serverReference)
    {
        (_client, _receivers, _serverReference) = (client, receivers, serverReference);
        _eventsTopic = $"devices/{options.DeviceId}/events";
        client.DisconnectedAsync += OnDisconnected;
        client.ApplicationMessageReceivedAsync += OnReceived;
    }

    public int ReceiveMaximum { get; private set; } = ushort.MaxValue;

    public bool AcceptsBatches { get; private set; }

    public bool GivesReceipts { get; private set; }

    public Task<ConnectionEnd> Ended => _ended.Task;

    /// <summary>Takes over what the cloud accepts.</summary>
    public void Accept(MqttClientConnectResult result, bool batches, bool receipts)
    {
        // A broker that does not say it means the largest [MQTT-3.2.2-21]; the client gives 0 then.
        ReceiveMaximum = result.ReceiveMaximum is > 0 and var maximum ? maximum : ushort.MaxValue;
        _aliasMaximum = result.TopicAliasMaximum;
        AcceptsBatches = batches;
        GivesReceipts = receipts;
    }

    /// <summary>Asks for what the receivers want to hear.</summary>
    /// <exception cref="MqttCommunicationException">The connection ended, or the cloud refuses.</exception>
    public async Task SubscribeAsync(CancellationToken cancellationToken)
    {
        var filters = _receivers.Where(r => !r.NeedsReceipts || GivesReceipts).Select(r => r.Filter).OfType<string>().ToList();
        if (filters.Count == 0)
        {
            return;
        }

        var options = new MqttClientSubscribeOptionsBuilder();
        filters.ForEach(filter => options.WithTopicFilter(filter, MqttQualityOfServiceLevel.AtLeastOnce));
        var result = await _client.SubscribeAsync(options.Build(), cancellationToken).ConfigureAwait(false);
        if (result.Items.FirstOrDefault(i => i.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
        {
            throw new MqttCommunicationException($"The subscription to {refused.TopicFilter.Topic} was refused.");
        }
    }

    public async Task<PublishOutcome> PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        var message = events.Count == 1 ? Single(events[0]) : Batch(events);
        SetAlias(message);
        try
        {
            var result = await _client.PublishAsync(message, cancellationToken).ConfigureAwait(false);
            return result.ReasonCode switch
            {
                MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers => PublishOutcome.Stored,
                MqttClientPublishReasonCode.TopicNameInvalid or MqttClientPublishReasonCode.PayloadFormatInvalid => PublishOutcome.Rejected,
                _ => PublishOutcome.Failed,
            };
        }
        catch (Exception exception) when (exception is MqttCommunicationException or MqttClientDisconnectedException or MqttClientNotConnectedException
            or InvalidOperationException or OperationCanceledException or ObjectDisposedException)
        {
            return PublishOutcome.Lost;
        }
    }

    public ValueTask DisposeAsync()
    {
        // Closes the socket at once: a polite goodbye would wait for a server that does not answer.
        _client.DisconnectedAsync -= OnDisconnected;
        _client.ApplicationMessageReceivedAsync -= OnReceived;
        _client.Dispose();
        _ended.TrySetResult(new ConnectionEnd("The connection was closed here."));
        return ValueTask.CompletedTask;
    }

    private static MqttApplicationMessage Single(StoredEvent stored)
    {
        var message = new MqttApplicationMessage
        {
            Topic = stored.Topic,
            Payload = new ReadOnlySequence<byte>(stored.Payload),
            ContentType = stored.ContentType.Length > 0 ? stored.ContentType : null,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            UserProperties = [Property("hf-stream", stored.Identity.Stream), Property("hf-seq", stored.Identity.Sequence.ToString(CultureInfo.InvariantCulture))],
        };
        if (stored.CreatedAtMilliseconds > 0)
        {
            message.UserProperties.Add(Property("hf-published-at", stored.CreatedAtMilliseconds.ToString(CultureInfo.InvariantCulture)));
        }

        if (stored.Receipt.Length > 0)
        {
            message.UserProperties.Add(Property("hf-receipt", stored.Receipt));
        }

        return message;
    }

    private static MqttUserProperty Property(string name, string value) => new(name, Encoding.UTF8.GetBytes(value).AsMemory());

    private MqttApplicationMessage Batch(IReadOnlyList<StoredEvent> events) => new()
    {
        Topic = _eventsTopic,
        Payload = new ReadOnlySequence<byte>(BatchWriter.Write(events, $"{_eventsTopic}/")),
        ContentType = BatchWriter.ContentType,
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
    };

    /// <summary>The first publishes of a topic set its alias, and those after them do without the topic. Publishes leave in order, so a set alias is known there.</summary>
    private void SetAlias(MqttApplicationMessage message)
    {
        if (_aliases.TryGetValue(message.Topic, out var alias))
        {
            (message.Topic, message.TopicAlias) = ("", alias);
        }
        else if (_aliases.Count < _aliasMaximum)
        {
            alias = (ushort)(_aliases.Count + 1);
            _aliases.Add(message.Topic, alias);
            message.TopicAlias = alias;
        }
    }

    private async Task OnReceived(MqttApplicationMessageReceivedEventArgs received)
    {
        foreach (var receiver in _receivers)
        {
            if (await receiver.ReceiveAsync(received.ApplicationMessage).ConfigureAwait(false) is { } answer)
            {
                await AnswerAsync(answer).ConfigureAwait(false);
            }
        }
    }

    private async Task AnswerAsync(MqttApplicationMessage answer)
    {
        try
        {
            await _client.PublishAsync(answer).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is MqttCommunicationException or MqttClientDisconnectedException or MqttClientNotConnectedException
            or InvalidOperationException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is lost, and the answer with it: whoever asked does not hear, and asks again.
        }
    }

    private Task OnDisconnected(MqttClientDisconnectedEventArgs ended)
    {
        var isSilent = ended.Exception?.GetBaseException() is MqttCommunicationTimedOutException or OperationCanceledException or TimeoutException;
        var why = ended.ReasonString is { Length: > 0 } text ? text : ended.Exception?.GetBaseException().Message ?? ended.Reason.ToString();
        _ended.TrySetResult(new ConnectionEnd(
            isSilent ? "The keep-alive was not answered." : $"The connection was lost: {why}", isSilent, _serverReference(), MqttConnector.ReadSlot(ended.UserProperties),
            IsPayloadRefused: ended.Reason == MqttClientDisconnectReason.PayloadFormatInvalid));
        return Task.CompletedTask;
    }
}
