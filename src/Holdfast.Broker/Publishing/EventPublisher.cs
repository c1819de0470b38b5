using System.Buffers;
using System.Text;
using Holdfast.Broker.Health;
using Holdfast.Broker.Limits;
using Holdfast.Broker.Limits.Overload;
using Holdfast.Broker.Sessions;
using Holdfast.Broker.Topics;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Publishing;

/// <summary>Publishes for HTTP and for the server itself, on the same path as a device's publish.</summary>
internal sealed class EventPublisher(SessionServices services, ICommitHealth health) : IEventPublisher
{
    private readonly HttpToll _toll = new(services);

    public async ValueTask<PublishResult> PublishAsync(EventToPublish message, CancellationToken cancellationToken)
        => await (await AppendAsync(message, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);

    public async ValueTask<Task<PublishResult>> AppendAsync(EventToPublish message, CancellationToken cancellationToken)
    {
        if (Refusal(message) is { } refusal)
        {
            services.Metrics.PublishRefused.Add(1, new KeyValuePair<string, object?>("reason", refusal.Status.ToString()));
            services.Refusals.Note("publish", refusal.Status.ToString(), $"{message.Publisher} of {message.Product}: {refusal.Detail}");
            return Task.FromResult(refusal);
        }

        if (!await _toll.TryPayAsync(message.Product, message.Publisher, message.Topic.Length + message.Payload.Length, cancellationToken).ConfigureAwait(false))
        {
            return Task.FromResult(new PublishResult(PublishStatus.TooFast, null, "The product or the device publishes more than it may. Keep the event and try again later."));
        }

        var record = Encode(message);
        services.Metrics.Received.Add(1);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var completion = new AppendCompletion();
            if (completion.TryAppend(services, PublishRecord.Read(RecordView.ReadFirst(0, 0, record))))
            {
                // Not cancelled from here on: the event is on its way to the disk.
                return ResultAsync(completion);
            }

            await services.Appender.WhenRoomAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<PublishResult> ResultAsync(AppendCompletion completion) => await completion.Task.ConfigureAwait(false) switch
    {
        { Status: not AppendStatus.Appended } => new PublishResult(PublishStatus.Full, null, "There is no room to store the event. Keep it and try again later."),
        { Offset: < 0 } => new PublishResult(PublishStatus.Duplicate, null, string.Empty),
        var (_, partition, offset) => new PublishResult(PublishStatus.Committed, EventId.Format(services.Log.Incarnations, partition, offset), string.Empty),
    };

    private PublishResult? Refusal(EventToPublish message)
    {
        if (health.State != CommitState.Committing)
        {
            var status = health.State == CommitState.Full ? PublishStatus.Full : PublishStatus.NotCommitting;
            return new PublishResult(status, null, health.Reason);
        }

        if (services.Overload.Level == OverloadLevel.Shedding)
        {
            return new PublishResult(PublishStatus.NotCommitting, null, "The node has more to do than it can. Keep the event and try again later.");
        }

        var topic = Encoding.UTF8.GetBytes(message.Topic);
        if (message.Topic.StartsWith('$') || !TopicName.IsValid(topic))
        {
            return new PublishResult(PublishStatus.TopicInvalid, null, "A topic is 1 to 65,535 bytes of UTF-8 without +, # and NUL, and does not begin with $.");
        }

        if (message.Payload.Length > services.Options.MaximumPayload)
        {
            return new PublishResult(PublishStatus.TooLarge, null, $"The payload has {message.Payload.Length} bytes; this server accepts {services.Options.MaximumPayload}.");
        }

        return null;
    }

    private byte[] Encode(EventToPublish message)
    {
        var now = services.NowMilliseconds;
        var product = Encoding.UTF8.GetBytes(message.Product);
        var topic = Encoding.UTF8.GetBytes(message.Topic);
        var properties = new ArrayBufferWriter<byte>();
        properties.Write(message.OtherProperties.Span);
        PropertyEncoder.Write(message.ContentType, message.UserProperties, properties);
        if (message.ResponseTopic is { } responseTopic)
        {
            PropertyEncoder.WriteRequest(responseTopic, message.CorrelationData.Span, properties);
        }

        var record = new PublishRecord
        {
            Product = product,
            Publisher = Encoding.UTF8.GetBytes(message.Publisher),
            Topic = topic,
            Payload = message.Payload.Span,
            Properties = properties.WrittenSpan,
            Stream = message.Stream is null ? [] : Encoding.UTF8.GetBytes(message.Stream),
            Sequence = message.Sequence,
            KeyHash = Partitioning.KeyHash(product, Partitioning.KeyOf(topic)),
            QualityOfService = (byte)message.QualityOfService,
            Retain = message.Retain,
            PossibleDuplicate = message.PossibleDuplicate,
            ReceivedAtMilliseconds = now,
            ExpiresAtMilliseconds = message.ExpirySeconds is { } seconds ? now + (seconds * 1000L) : 0,
        };
        var bytes = new byte[record.Size];
        record.WriteTo(bytes);
        return bytes;
    }
}
