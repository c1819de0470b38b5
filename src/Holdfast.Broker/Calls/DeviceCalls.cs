using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Sessions;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;
using Holdfast.Log.State;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Calls;

/// <summary>
/// A command is an ordinary record with a Response Topic of its own, so it reaches the device on whichever node that is. The answer comes back through the
/// subscription index of this node, from the log or, at QoS 0, straight from the node of the device.
/// </summary>
internal sealed class DeviceCalls(SessionServices services, IEventPublisher publisher, IClusterSessionStore? stored) : IDeviceCalls
{
    private const int RequestIdLength = 32;

    private readonly ConcurrentDictionary<string, ReplyListener> _listeners = [];
    private readonly CallPlaces _places = new(services.Options.WaitingCalls, services.Options.WaitingCallsOfDevice);

    /// <inheritdoc/>
    public TimeSpan LongestWait => services.Options.LongestCall;

    /// <summary>Calls that wait for an answer now.</summary>
    public int Waiting => _places.Count;

    /// <inheritdoc/>
    public async ValueTask<CallResult> CallAsync(DeviceCommand command, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (await RefusalAsync(command, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            return refusal;
        }

        if (_places.Enter(command.Product, command.Device) is { } tooMany)
        {
            return new CallResult(CallStatus.TooManyCalls, tooMany);
        }

        var replyTopic = NewReplyTopic(command);
        var listener = ListenerOf(command.Product);
        var answer = listener.Expect(replyTopic);
        try
        {
            return await AskAsync(ToEvent(command, replyTopic, wait), answer).WaitAsync(wait, services.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new CallResult(
                CallStatus.NoAnswer,
                $"The device '{command.Device}' has not answered within {wait.TotalSeconds:0.###} s. If it has the command it may have carried it out; it does not get it any more now.");
        }
        finally
        {
            listener.Forget(replyTopic);
            _places.Leave(command.Product, command.Device);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<CallResult> StoreAsync(DeviceCommand command, TimeSpan? expiry, CancellationToken cancellationToken)
    {
        if (await RefusalAsync(command, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            return refusal;
        }

        var message = ToEvent(command, NewReplyTopic(command), expiry);
        var result = await publisher.PublishAsync(message, cancellationToken).ConfigureAwait(false);
        return Refused(result) ?? new CallResult(CallStatus.Stored, "") { EventId = result.EventId, ReplyTopic = message.ResponseTopic };
    }

    private static string NewReplyTopic(DeviceCommand command) => CallTopics.Reply(command.Device, RandomNumberGenerator.GetHexString(RequestIdLength, lowercase: true));

    private static EventToPublish ToEvent(DeviceCommand command, string replyTopic, TimeSpan? expiry) => new()
    {
        Product = command.Product,
        Topic = CallTopics.Command(command.Device, command.Name),
        Payload = command.Payload,
        ContentType = command.ContentType,
        Publisher = command.Caller,
        ResponseTopic = replyTopic,
        CorrelationData = Encoding.ASCII.GetBytes(replyTopic[^RequestIdLength..]),
        ExpirySeconds = expiry is { } time ? (uint)Math.Min(uint.MaxValue, Math.Ceiling(time.TotalSeconds)) : null,
    };

    private static CallResult? Refused(PublishResult result) => result.Status switch
    {
        PublishStatus.Committed or PublishStatus.Duplicate => null,
        PublishStatus.TopicInvalid => new CallResult(CallStatus.TopicInvalid, result.Detail),
        PublishStatus.TooLarge => new CallResult(CallStatus.TooLarge, result.Detail),
        PublishStatus.Full => new CallResult(CallStatus.Full, result.Detail),
        _ => new CallResult(CallStatus.NotCommitting, result.Detail),
    };

    private async Task<CallResult> AskAsync(EventToPublish message, Task<DeviceReply> answer)
    {
        var result = await publisher.PublishAsync(message, CancellationToken.None).ConfigureAwait(false);
        return Refused(result) ?? new CallResult(CallStatus.Answered, "")
        {
            EventId = result.EventId,
            ReplyTopic = message.ResponseTopic,
            Reply = await answer.ConfigureAwait(false),
        };
    }

    /// <summary>Why a command cannot be sent at all; null when it can.</summary>
    private async ValueTask<CallResult?> RefusalAsync(DeviceCommand command, CancellationToken cancellationToken)
    {
        var topic = CallTopics.Command(command.Device, command.Name);
        if (command.Device.Length == 0 || command.Device.Contains('/', StringComparison.Ordinal) || command.Name.Length == 0 || !TopicName.IsValid(Encoding.UTF8.GetBytes(topic)))
        {
            return new CallResult(CallStatus.TopicInvalid, $"'{topic}' is not the topic of a command: a device id is one level of a topic, the name of a command one or more, without + and #.");
        }

        return HasSubscriber(command.Product, topic)
            || (stored is not null && await stored.HasSubscriberAsync(command.Product, topic, cancellationToken).ConfigureAwait(false))
            ? null
            : new CallResult(
                CallStatus.NobodySubscribes,
                $"No session, connected or waiting, subscribes to '{topic}', so nobody would get the command; it was not sent. "
                + $"A device subscribes to 'devices/{command.Device}/commands/#', at QoS 1 and with a session that outlives its connection when it wants what comes while it is away.");
    }

    private bool HasSubscriber(string product, string topic)
    {
        var (productUtf8, topicUtf8) = (Encoding.UTF8.GetBytes(product), Encoding.UTF8.GetBytes(topic));
        foreach (ref readonly var match in services.Subscriptions.Match(productUtf8, topicUtf8).Subscribers)
        {
            if (match.Subscriber is not Session { Connection: null } || match.QualityOfService > QualityOfService.AtMostOnce)
            {
                return true;
            }
        }

        return services.Relay?.HasSubscriber(productUtf8, topicUtf8) == true;
    }

    /// <summary>One subscription for a product, made with its first call: other nodes hear of a new filter only by and by.</summary>
    private ReplyListener ListenerOf(string product) => _listeners.GetOrAdd(product, _ =>
    {
        var listener = new ReplyListener(Encoding.UTF8.GetBytes(product));
        if (!TopicFilter.TryParse(CallTopics.AllReplies, out var filter, out var problem))
        {
            throw new InvalidOperationException(problem);
        }

        services.Subscriptions.AddOrReplace(listener.ProductUtf8, new Subscription<LogSubscriber>(filter, new SubscriptionOptions(QualityOfService.AtLeastOnce), 0, null, listener));
        return listener;
    });
}
