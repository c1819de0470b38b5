using System.Globalization;
using System.Text;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Publishing;
using Holdfast.Mqtt.Packets;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Holdfast.Api.Events;

/// <summary>A batch of one device's events in the form in which devices publish it over MQTT (docs/device.md). It is checked as a whole before anything is stored.</summary>
internal sealed class BatchRequest(ApiOptions options)
{
    private static readonly string[] Parameters = ["device"];

    /// <summary>Whether a request has this form.</summary>
    public static bool Is(HttpRequest request)
        => MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals(DeviceBatchReader.ContentTypeOfBatches, StringComparison.OrdinalIgnoreCase);

    public async Task PublishAsync(HttpContext context, string product, IEventPublisher publisher)
    {
        if (!QueryParameters.Read(context.Request.Query, Parameters).IsValid(out var parameters, out var problem)
            || !(await RequestBody.ReadAsync(context, options.MaximumPayloadBytes, $"A batch may have {options.MaximumPayloadBytes:N0} bytes.")).IsValid(out var body, out problem)
            || !Parse(product, parameters.GetValueOrDefault("device"), body.Span, Caller.Of(context)).IsValid(out var events, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        await ManyEvents.PublishAsync(publisher, events, context);
    }

    private Parsed<List<EventToPublish>> Parse(string product, string? device, ReadOnlySpan<byte> batch, Caller caller)
    {
        if (!DeviceBatchReader.IsBatch(batch))
        {
            return Problem.Malformed("The body does not begin as a batch does, with the bytes C5 48 46 42.");
        }

        var events = new List<EventToPublish>(DeviceBatchReader.Check(batch, out var wrong));
        if (wrong is not null)
        {
            return Problem.Malformed(wrong);
        }

        var reader = new DeviceBatchReader(batch);
        while (reader.MoveNext())
        {
            if (!ToDraft(product, device, reader).Check(options.MaximumPayloadBytes, caller).IsValid(out var message, out var problem))
            {
                return problem.Within(reader.Count - 1);
            }

            events.Add(message);
        }

        return events;
    }

    private static EventDraft ToDraft(string product, string? device, in DeviceBatchReader reader)
    {
        var stream = Encoding.UTF8.GetString(reader.Stream);
        List<UserProperty> properties = [new("hf-stream", stream), new("hf-seq", reader.Sequence.ToString(CultureInfo.InvariantCulture))];
        if (reader.PublishedAtMilliseconds > 0)
        {
            properties.Add(new UserProperty("hf-published-at", reader.PublishedAtMilliseconds.ToString(CultureInfo.InvariantCulture)));
        }

        if (!reader.Receipt.IsEmpty)
        {
            properties.Add(new UserProperty("hf-receipt", Encoding.UTF8.GetString(reader.Receipt)));
        }

        return new EventDraft
        {
            Product = product,
            Device = device,
            Name = Encoding.UTF8.GetString(reader.Name),
            Payload = reader.Payload.ToArray(),
            ContentType = reader.ContentType.IsEmpty ? null : Encoding.UTF8.GetString(reader.ContentType),
            Stream = stream,
            Sequence = reader.Sequence,
            Properties = properties,
        };
    }
}
