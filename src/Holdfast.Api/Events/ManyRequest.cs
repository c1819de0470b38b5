using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Publishing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Holdfast.Api.Events;

/// <summary>
/// Many events in one request, each a JSON object as if it were alone: as an array, which is checked as a whole before anything is stored, or as
/// lines (application/x-ndjson), which are stored while they arrive.
/// </summary>
internal sealed class ManyRequest(ApiOptions options)
{
    /// <summary>The largest array in bytes: it is kept until it is complete.</summary>
    public const int MaximumArrayBytes = 8 * 1024 * 1024;

    private const string Lines = "application/x-ndjson";
    private static readonly SequenceHeaders NoHeaders = new(null, null);

    /// <summary>The largest JSON object of one event, in bytes.</summary>
    private readonly int _maximumItemBytes = JsonEvent.MaximumBytes(options.MaximumPayloadBytes);

    public static bool IsLines(HttpRequest request)
        => MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals(Lines, StringComparison.OrdinalIgnoreCase);

    public async Task PublishArrayAsync(HttpContext context, string product, IEventPublisher publisher)
    {
        var hint = $"An array may have {MaximumArrayBytes:N0} bytes; send more as {Lines}, one event on each line.";
        if (!(await RequestBody.ReadAsync(context, MaximumArrayBytes, hint)).IsValid(out var body, out var problem)
            || !Parse(product, body, Caller.Of(context)).IsValid(out var events, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        await ManyEvents.PublishAsync(publisher, events, context);
    }

    public async Task PublishLinesAsync(HttpContext context, string product, IEventPublisher publisher)
    {
        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            await context.WriteProblemAsync(Problem.UnsupportedMediaType("Compressed bodies are not accepted: send the body without Content-Encoding."));
            return;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null; // A line and their number are limited instead.
        }

        var many = new ManyEvents(publisher);
        try
        {
            await PublishLinesAsync(product, Caller.Of(context), new BodyLines(context.Request.BodyReader, _maximumItemBytes), many, context.RequestAborted);
        }
        catch (LineTooLongException)
        {
            await many.FailAsync(Problem.TooLarge($"The line has more than {_maximumItemBytes:N0} bytes; a payload may have {options.MaximumPayloadBytes:N0}."));
        }

        await many.FinishAsync();
        await (many.Count == 0 ? context.WriteProblemAsync(NoEvents()) : many.AnswerAsync(context));
    }

    private async ValueTask PublishLinesAsync(string product, Caller caller, BodyLines lines, ManyEvents many, CancellationToken cancellationToken)
    {
        while (!many.HasFailed && await lines.NextAsync(cancellationToken) is { } line)
        {
            if (many.Count == ManyEvents.MaximumEvents)
            {
                await many.FailAsync(TooMany());
            }
            else if (JsonFields.Parse(line).IsValid(out var fields, out var problem) && Check(product, fields, caller).IsValid(out var message, out problem))
            {
                await many.AddAsync(message, cancellationToken);
            }
            else
            {
                await many.FailAsync(problem);
            }
        }
    }

    private Parsed<List<EventToPublish>> Parse(string product, ReadOnlyMemory<byte> body, Caller caller)
    {
        if (!JsonFields.ParseArray(body).IsValid(out var items, out var problem))
        {
            return problem;
        }

        if (items.Count is 0 or > ManyEvents.MaximumEvents)
        {
            return items.Count == 0 ? NoEvents() : TooMany();
        }

        var events = new List<EventToPublish>(items.Count);
        foreach (var item in items)
        {
            if (!Check(product, item, caller).IsValid(out var message, out problem))
            {
                return problem.Within(events.Count);
            }

            events.Add(message);
        }

        return events;
    }

    private Parsed<EventToPublish> Check(string product, JsonFields fields, Caller caller)
        => JsonEvent.Parse(product, fields, NoHeaders).IsValid(out var draft, out var problem) ? draft.Check(options.MaximumPayloadBytes, caller) : problem;

    private static Problem NoEvents() => Problem.Malformed("The request has no event.");

    private static Problem TooMany()
        => Problem.TooLarge($"A request may have {ManyEvents.MaximumEvents:N0} events. Send the rest, from this one on, in another.");
}
