using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Publishing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Events;

/// <summary>
/// Publishing by HTTP. The answer 202 comes after the commit, as PUBACK does. An event is a JSON object in the event schema, or the bare payload
/// with <c>?topic=</c>, or <c>?device=</c> and <c>&amp;name=</c>, and its own content type. Many are an array of such objects, a line for each, or, of one device, the batch that
/// it would publish over MQTT.
/// </summary>
internal sealed class EventEndpoints(ApiOptions options)
{
    private readonly ManyRequest _many = new(options);
    private readonly BatchRequest _batch = new(options);

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
        => endpoints.MapPost("/api/v1/products/{product}/events", new EventEndpoints(options).PublishAsync).Require(Access.Publish, options);

    private async Task PublishAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !SequenceHeaders.Parse(context.Request.Headers).IsValid(out var headers, out problem)
            || !(await FindFormAsync(context, headers)).IsValid(out var form, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var publisher = context.RequestServices.GetRequiredService<IEventPublisher>();
        await (form switch
        {
            RequestForm.Lines => _many.PublishLinesAsync(context, product, publisher),
            RequestForm.Array => _many.PublishArrayAsync(context, product, publisher),
            RequestForm.Batch => _batch.PublishAsync(context, product, publisher),
            _ => PublishOneAsync(context, product, form == RequestForm.Raw, headers, publisher),
        });
    }

    private async Task PublishOneAsync(HttpContext context, string product, bool isRaw, SequenceHeaders headers, IEventPublisher publisher)
    {
        if (!(await ReadEventAsync(context, product, isRaw, headers)).IsValid(out var message, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var result = await publisher.PublishAsync(message, context.RequestAborted);
        await (PublishProblem.Of(result) is { } refusal
            ? context.WriteProblemAsync(refusal)
            : AcceptAsync(context, new PublishAnswer(result.EventId, result.Status == PublishStatus.Duplicate)));
    }

    private static async ValueTask<Parsed<RequestForm>> FindFormAsync(HttpContext context, SequenceHeaders headers)
    {
        if (BatchRequest.Is(context.Request))
        {
            return headers is { Stream: null, Sequence: null }
                ? RequestForm.Batch
                : Problem.Invalid(SequenceHeaders.StreamHeader, "A batch names its stream and sequences itself; the headers are for one event.");
        }

        if (RawEvent.Is(context.Request))
        {
            return RequestForm.Raw;
        }

        var isLines = ManyRequest.IsLines(context.Request);
        if (!isLines && !context.Request.HasJsonContentType())
        {
            return Problem.UnsupportedMediaType(
                "Send an event as a JSON object, or many as an array, with Content-Type application/json; many as lines with application/x-ndjson; "
                + "or the bare payload with ?topic=, or ?device= and &name=.");
        }

        if (!isLines && await RequestBody.FirstCharacterAsync(context) != (byte)'[')
        {
            return RequestForm.One;
        }

        return headers is { Stream: null, Sequence: null }
            ? isLines ? RequestForm.Lines : RequestForm.Array
            : Problem.Invalid(SequenceHeaders.StreamHeader, "Of many events each has its own 'stream' and 'sequence'; the headers are for one event.");
    }

    private async ValueTask<Parsed<EventToPublish>> ReadEventAsync(HttpContext context, string product, bool isRaw, SequenceHeaders headers)
    {
        var maximumBytes = isRaw ? options.MaximumPayloadBytes : JsonEvent.MaximumBytes(options.MaximumPayloadBytes);
        var hint = $"A payload may have {options.MaximumPayloadBytes:N0} bytes, and the request around it {maximumBytes:N0}.";
        if (!(await RequestBody.ReadAsync(context, maximumBytes, hint)).IsValid(out var body, out var problem))
        {
            return problem;
        }

        var parsed = isRaw ? RawEvent.Parse(product, context.Request, body, headers) : JsonEvent.Parse(product, body, headers);
        return parsed.IsValid(out var draft, out problem) ? draft.Check(options.MaximumPayloadBytes, Caller.Of(context)) : problem;
    }

    private static Task AcceptAsync(HttpContext context, PublishAnswer answer)
    {
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        return context.Response.WriteAsJsonAsync(answer, ApiJson.Readable.PublishAnswer, cancellationToken: context.RequestAborted);
    }

    /// <summary>How a request carries its events.</summary>
    private enum RequestForm
    {
        One,
        Raw,
        Array,
        Lines,
        Batch,
    }
}

/// <summary>The answer to a publish.</summary>
/// <param name="Id">The event's id; null for a duplicate of an event whose id is no longer known.</param>
/// <param name="Duplicate">Whether the event was stored before, and not again.</param>
internal sealed record PublishAnswer(string? Id, bool Duplicate);
