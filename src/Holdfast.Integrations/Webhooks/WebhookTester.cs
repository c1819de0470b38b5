using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Holdfast.Broker.Events;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Publishing;
using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Webhooks.Forms;
using Holdfast.Integrations.Webhooks.Sending;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Webhooks;

/// <summary>Makes the request of one event exactly as a delivery would, and sends it if asked to.</summary>
internal sealed class WebhookTester(IntegrationEnvironment environment)
{
    private const int ShownBytes = 4096;

    private static ReadOnlySpan<byte> SampleType => "application/json"u8;

    public async ValueTask<DeliveryTestResult> TestAsync(
        IntegrationPlan plan, WebhookSettings settings, DeliveryTest test, CancellationToken cancellationToken)
    {
        using var form = EventForms.Create(settings);
        var tested = test.EventId is null ? Sample(plan, form) : await FindAsync(plan, form, test.EventId, cancellationToken).ConfigureAwait(false);
        if (tested is null)
        {
            return new DeliveryTestResult(IntegrationResult.Invalid("event", $"There is no event '{test.EventId}' of the product '{plan.Product}', or retention has removed it."));
        }

        if (tested.Body.Problem is { } problem)
        {
            return new DeliveryTestResult(IntegrationResult.Invalid("template", $"The request cannot be made: {problem}"));
        }

        var outgoing = new OutstandingRequest(1);
        outgoing.Add(tested);
        var requests = new WebhookRequests(settings, form);
        var request = requests.Create(outgoing, environment.TimeProvider.GetUtcNow());
        return new DeliveryTestResult(new IntegrationResult(IntegrationOutcome.Done, null, "", ""))
        {
            Request = Show(request, requests.ShownUrl),
            Answer = test.DryRun ? null : await SendAsync(settings, request, cancellationToken).ConfigureAwait(false),
        };
    }

    private static DeliveryRequest Show(WebhookRequest request, Uri shownUrl)
    {
        var body = request.Body.GetValueOrDefault().Span;
        var isText = Utf8.IsValid(body);
        return new DeliveryRequest(
            request.Method.Method,
            shownUrl.AbsoluteUri,
            [.. request.Headers.Select(header => KeyValuePair.Create(header.Name, header.IsSecret ? "***" : header.Value))],
            isText ? Encoding.UTF8.GetString(body) : Convert.ToBase64String(body),
            isText ? PayloadEncoding.String : PayloadEncoding.Base64);
    }

    private async Task<DeliveryAnswer> SendAsync(WebhookSettings settings, WebhookRequest request, CancellationToken cancellationToken)
    {
        using var sender = new WebhookSender(settings, environment.Addresses, environment.Limits, environment.TimeProvider);
        var startedAt = environment.TimeProvider.GetTimestamp();
        var outcome = await sender.SendAsync(request, ShownBytes, keepsAll: true, cancellationToken).ConfigureAwait(false);
        return new DeliveryAnswer(
            outcome.Result switch { AttemptResult.Delivered => "delivered", AttemptResult.Refused => "refused", _ => "failed" },
            outcome.StatusCode,
            outcome.Error,
            environment.TimeProvider.GetElapsedTime(startedAt),
            outcome.Response?.ContentType ?? "",
            Encoding.UTF8.GetString(outcome.Response?.Body ?? []));
    }

    private OutstandingEvent Sample(IntegrationPlan plan, IEventForm form)
    {
        var properties = new byte[3 + SampleType.Length];
        properties[0] = 0x03; // The content type, as in a PUBLISH packet.
        BinaryPrimitives.WriteUInt16BigEndian(properties.AsSpan(1), (ushort)SampleType.Length);
        SampleType.CopyTo(properties.AsSpan(3));
        var id = $"test-{Guid.NewGuid():N}";
        var record = new PublishRecord
        {
            Product = Encoding.UTF8.GetBytes(plan.Product),
            Publisher = "test"u8,
            Topic = Encoding.UTF8.GetBytes($"devices/test-device/events/{plan.Settings.EventPrefix}test"),
            Payload = """{"test":true}"""u8,
            Properties = properties,
            ReceivedAtMilliseconds = environment.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        return Event(id, 0, 0, record, form);
    }

    private async Task<OutstandingEvent?> FindAsync(IntegrationPlan plan, IEventForm form, string id, CancellationToken cancellationToken)
    {
        var log = environment.Log;
        if (!EventId.TryParse(id, log.Incarnations, out var partition, out var offset)
            || partition >= log.PartitionCount || offset < log.FirstOffset(partition) || offset >= environment.Feed.AnnouncedOffset(partition))
        {
            return null;
        }

        using var read = await log.ReadAsync(partition, offset, null, 1, cancellationToken).ConfigureAwait(false);
        foreach (var batch in read.Batches)
        {
            foreach (var view in batch)
            {
                if (view.Offset == offset && view.Kind == RecordKind.Publish && PublishRecord.Read(view) is var record
                    && record.Product.SequenceEqual(Encoding.UTF8.GetBytes(plan.Product)))
                {
                    return Event(id, partition, offset, record, form);
                }
            }
        }

        return null;
    }

    private static OutstandingEvent Event(string id, int partition, long offset, in PublishRecord record, IEventForm form) => new()
    {
        Partition = partition,
        Offset = offset,
        KeyHash = record.KeyHash,
        Id = id,
        Topic = Encoding.UTF8.GetString(record.Topic),
        ExpiresAtMilliseconds = record.ExpiresAtMilliseconds,
        ReceivedAtMilliseconds = record.ReceivedAtMilliseconds,
        Body = form.Write(id, record),
    };
}
