using System.Globalization;
using System.Text;
using Holdfast.Broker.Events;
using Holdfast.Broker.Publishing;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.Partitions;
using Holdfast.Mqtt.Packets;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations.Webhooks;

/// <summary>Publishes what a receiver has answered, for the device whose event it was.</summary>
internal sealed class DeviceResponses(WebhookResponse settings, string product, string integration, IEventPublisher publisher, ILogger logger)
{
    /// <summary>How much of an answer's body is wanted, in bytes.</summary>
    public int WantedBytes => settings.MaxBytes;

    /// <summary>Publishes an answer, when it is of interest to the device.</summary>
    /// <returns>Null when all is done; else why the answer could not be stored, so that the event is to be sent again.</returns>
    public async ValueTask<string?> PublishAsync(OutstandingRequest request, AttemptOutcome outcome, CancellationToken cancellationToken)
    {
        var answered = request.Events[0];
        var isWanted = outcome.Result switch
        {
            AttemptResult.Delivered => true,
            AttemptResult.Refused => settings.Errors,
            _ => settings.Errors && request.Failures == 0 && !cancellationToken.IsCancellationRequested,
        };
        if (!isWanted || TopicOf(answered.Topic) is not { } topic)
        {
            return null;
        }

        var kept = outcome.Response?.Body ?? [];
        var result = await publisher.PublishAsync(
            new EventToPublish
            {
                Product = product,
                Topic = topic,
                Payload = kept.AsMemory(0, Math.Min(kept.Length, settings.MaxBytes)),
                Publisher = $"integration/{integration}",
                ContentType = outcome.Response is { ContentType.Length: > 0 } response ? response.ContentType : null,
                UserProperties =
                [
                    new UserProperty("hf-event", answered.Id),
                    new UserProperty("hf-status", outcome.StatusCode.ToString(CultureInfo.InvariantCulture)),
                    .. outcome.Error.Length > 0 ? [new UserProperty("hf-error", outcome.Error)] : Array.Empty<UserProperty>(),
                ],
            },
            cancellationToken).ConfigureAwait(false);
        if (result.Status is PublishStatus.NotCommitting or PublishStatus.Full)
        {
            return $"the receiver's answer could not be stored for the device: {result.Detail}";
        }

        if (result.Status != PublishStatus.Committed)
        {
            logger.LogWarning(
                "Integration {Product}/{Integration}: the answer to {Event} cannot be published at {Topic}: {Detail}", product, integration, answered.Id, topic, result.Detail);
        }

        return null;
    }

    private string? TopicOf(string topic)
    {
        var bytes = Encoding.UTF8.GetBytes(topic);
        return Partitioning.TryGetDevice(bytes, out var device)
            ? settings.Topic
                .Replace("{device}", Encoding.UTF8.GetString(device), StringComparison.Ordinal)
                .Replace("{integration}", integration, StringComparison.Ordinal)
                .Replace("{name}", Encoding.UTF8.GetString(EventFacts.NameOf(bytes)), StringComparison.Ordinal)
            : null;
    }
}
