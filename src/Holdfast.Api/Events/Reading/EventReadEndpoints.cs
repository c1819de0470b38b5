using Holdfast.Api.Problems;
using Holdfast.Api.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Holdfast.Api.Events.Reading;

/// <summary>Reading by HTTP: the same resource as pages of JSON, or as server-sent events, as the client accepts them.</summary>
internal sealed class EventReadEndpoints(ApiOptions options, ApiMetrics metrics)
{
    private const string EventStream = "text/event-stream";
    private const string Json = "application/json";

    private readonly ReaderLimit _streams = new(options.MaximumEventStreams);
    private readonly ReaderLimit _pages = new(options.MaximumPageReaders);
    private readonly ReaderLimit _last = new(options.MaximumLastReaders);

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        var reading = new EventReadEndpoints(options, endpoints.ServiceProvider.GetRequiredService<ApiMetrics>());
        reading.AddGauges();
        endpoints.MapGet("/api/v1/products/{product}/events", reading.ServeAsync).Require(Access.Events, options);
        endpoints.MapGet("/api/v1/products/{product}/events/last", reading.ServeLastAsync).Require(Access.Events, options);
    }

    private void AddGauges() => metrics.AddGauge("holdfast_event_streams", () => _streams.Count, "Event streams that are open.");

    private async Task ServeAsync(HttpContext context)
    {
        context.Response.Headers.Vary = HeaderNames.Accept;
        var isStream = Prefers(context.Request);
        if (isStream is null)
        {
            await context.WriteProblemAsync(Problem.NotAcceptable($"Events come as {Json} (pages) or as {EventStream}; accept one of them."));
            return;
        }

        await (isStream.Value
            ? ServeAsync(context, _streams, "event streams", context.RequestServices.GetRequiredService<EventStreams>().ServeAsync)
            : ServeAsync(context, _pages, "pages", context.RequestServices.GetRequiredService<EventPages>().ServeAsync));
    }

    private Task ServeLastAsync(HttpContext context)
        => ServeAsync(context, _last, "answers with last events", context.RequestServices.GetRequiredService<LastEvents>().ServeAsync);

    private static async Task ServeAsync(HttpContext context, ReaderLimit limit, string what, RequestDelegate serveAsync)
    {
        if (!limit.TryEnter(out var place))
        {
            await context.WriteProblemAsync(
                Problem.TooManyReaders($"This node serves {limit.Maximum:N0} {what} at the same time, and so many are open. Try again later."));
            return;
        }

        using (place)
        {
            await serveAsync(context);
        }
    }

    /// <summary>Whether the client prefers a stream; null when it accepts neither. Without a preference it gets pages.</summary>
    private static bool? Prefers(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        if (accepted.Count == 0)
        {
            return false;
        }

        var stream = QualityOf(EventStream, accepted);
        var json = QualityOf(Json, accepted);
        return stream > json ? true : json > 0 ? false : null;
    }

    private static double QualityOf(string mediaType, IList<MediaTypeHeaderValue> accepted)
    {
        var wanted = new MediaTypeHeaderValue(mediaType);
        return accepted.Where(range => wanted.IsSubsetOf(range))
            .OrderByDescending(range => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2)
            .Select(range => range.Quality ?? 1)
            .FirstOrDefault();
    }
}
