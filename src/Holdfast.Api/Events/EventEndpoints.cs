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
/// Publishing by HTTP. The answer 202 comes after the commit, as PUBACK does. Two forms: a JSON object in the event schema, or the bare payload
/// with <c>?topic=</c>, or <c>?device=</c> and <c>&amp;name=</c>, and its own content type.
/// </summary>
internal sealed class EventEndpoints(ApiOptions options)
{
    /// <summary>What a JSON object may have beside its payload, in bytes.</summary>
    private const int EnvelopeBytes = 64 * 1024;

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
        => endpoints.MapPost("/api/v1/products/{product}/events", new EventEndpoints(options).PublishAsync).Require(Access.Events, options);

    private async Task PublishAsync(HttpContext context)
    {
        var read = await ReadEventAsync(context);
        if (!read.IsValid(out var message, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var publisher = context.RequestServices.GetRequiredService<IEventPublisher>();
        var result = await publisher.PublishAsync(message, context.RequestAborted);
        await AnswerAsync(context, result);
    }

    private async ValueTask<Parsed<EventToPublish>> ReadEventAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !SequenceHeaders.Parse(context.Request.Headers).IsValid(out var headers, out problem))
        {
            return problem;
        }

        var isRaw = RawEvent.Is(context.Request);
        if (!isRaw && !context.Request.HasJsonContentType())
        {
            return Problem.UnsupportedMediaType(
                "Send the event as a JSON object with Content-Type application/json, or the bare payload with ?topic=, or ?device= and &name=.");
        }

        var maximumBytes = isRaw ? options.MaximumPayloadBytes : (2 * options.MaximumPayloadBytes) + EnvelopeBytes;
        var hint = $"A payload may have {options.MaximumPayloadBytes:N0} bytes, and the request around it {maximumBytes:N0}.";
        if (!(await RequestBody.ReadAsync(context, maximumBytes, hint)).IsValid(out var body, out problem))
        {
            return problem;
        }

        var parsed = isRaw ? RawEvent.Parse(product, context.Request, body, headers) : JsonEvent.Parse(product, body, headers);
        return parsed.IsValid(out var draft, out problem) ? draft.Check(options.MaximumPayloadBytes) : problem;
    }

    private static Task AnswerAsync(HttpContext context, PublishResult result) => result.Status switch
    {
        PublishStatus.Committed => AcceptAsync(context, new PublishAnswer(result.EventId, Duplicate: false)),
        PublishStatus.Duplicate => AcceptAsync(context, new PublishAnswer(result.EventId, Duplicate: true)),
        PublishStatus.TopicInvalid => context.WriteProblemAsync(Problem.Invalid("topic", result.Detail)),
        PublishStatus.TooLarge => context.WriteProblemAsync(Problem.TooLarge(result.Detail)),
        PublishStatus.Full => context.WriteProblemAsync(Problem.Full(result.Detail)),
        _ => context.WriteProblemAsync(Problem.NotCommitting(result.Detail)),
    };

    private static Task AcceptAsync(HttpContext context, PublishAnswer answer)
    {
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        return context.Response.WriteAsJsonAsync(answer, ApiJson.Readable.PublishAnswer, cancellationToken: context.RequestAborted);
    }
}

/// <summary>The answer to a publish.</summary>
/// <param name="Id">The event's id; null for a duplicate of an event whose id is no longer known.</param>
/// <param name="Duplicate">Whether the event was stored before, and not again.</param>
internal sealed record PublishAnswer(string? Id, bool Duplicate);
