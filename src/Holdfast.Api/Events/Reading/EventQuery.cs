using System.Globalization;
using System.Text;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Broker.Events;
using Holdfast.Broker.Topics;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Events.Reading;

/// <summary>What a client wants to read: the query of a request, checked.</summary>
internal sealed record EventQuery
{
    public const int DefaultLimit = 100;
    public const int MaximumLimit = 10_000;

    private const string Everything = "#";
    private const string LastEventId = "Last-Event-ID";
    private static readonly string[] PageParameters = ["filter", "device", "from", "to", "after", "limit"];
    private static readonly string[] LastParameters = ["filter", "device", "from"];
    private static readonly string[] StreamParameters = ["filter", "device", "from", "after"];

    public required string Product { get; init; }

    public required TopicFilter Filter { get; init; }

    public string? Device { get; init; }

    /// <summary>The first time of receipt, in Unix milliseconds.</summary>
    public long? FromMilliseconds { get; init; }

    /// <summary>The time after the last one, in Unix milliseconds.</summary>
    public long? ToMilliseconds { get; init; }

    /// <summary>A cursor as text.</summary>
    public string? After { get; init; }

    /// <summary>The parameter or header that gave <see cref="After"/>.</summary>
    public string AfterSource { get; init; } = "after";

    public int Limit { get; init; } = DefaultLimit;

    /// <summary>A filter of everything that can match: what is to be logged while somebody waits for it.</summary>
    public string InterestFilter => Device is null ? Encoding.UTF8.GetString(Filter.Levels) : $"devices/{Device}/#";

    public static Parsed<EventQuery> ParsePage(HttpContext context) => Parse(context, PageParameters, "");

    public static Parsed<EventQuery> ParseLast(HttpContext context) => Parse(context, LastParameters, "");

    /// <summary>The query of an event stream. A client that comes back says in a header where it was.</summary>
    public static Parsed<EventQuery> ParseStream(HttpContext context)
    {
        const string Hint = " An event stream has no end and no pages; for those ask for application/json.";
        if (!Parse(context, StreamParameters, Hint).IsValid(out var query, out var problem))
        {
            return problem;
        }

        return context.Request.Headers[LastEventId] is [{ Length: > 0 } last] ? query with { After = last, AfterSource = LastEventId } : query;
    }

    private static Parsed<EventQuery> Parse(HttpContext context, string[] known, string hint)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !QueryParameters.Read(context.Request.Query, known, hint).IsValid(out var values, out problem)
            || !ParseFilter(values.GetValueOrDefault("filter")).IsValid(out var filter, out problem)
            || !ParseTime(values, "from").IsValid(out var from, out problem)
            || !ParseTime(values, "to").IsValid(out var to, out problem)
            || !ParseLimit(values.GetValueOrDefault("limit")).IsValid(out var limit, out problem))
        {
            return problem;
        }

        var device = values.GetValueOrDefault("device");
        if (device is not null && (device.Length == 0 || device.AsSpan().ContainsAny("/+#")))
        {
            return Problem.Invalid("device", "A device id has at least one character and no '/', '+' or '#'.");
        }

        if (from.Milliseconds >= to.Milliseconds)
        {
            return Problem.Invalid("to", "The time 'to' must be later than 'from'.");
        }

        return new EventQuery
        {
            Product = product,
            Filter = filter,
            Device = device,
            FromMilliseconds = from.Milliseconds,
            ToMilliseconds = to.Milliseconds,
            After = values.GetValueOrDefault("after"),
            Limit = limit,
        };
    }

    private static Parsed<TopicFilter> ParseFilter(string? text)
    {
        if (!TopicFilter.TryParse(text ?? Everything, out var filter, out var problem))
        {
            return Problem.Invalid("filter", problem);
        }

        return filter.IsShared
            ? Problem.Invalid("filter", "A shared subscription is for MQTT sessions; give the filter without $share/{name}/.")
            : filter;
    }

    private static Parsed<Time> ParseTime(Dictionary<string, string> values, string name)
    {
        if (!values.TryGetValue(name, out var text))
        {
            return new Time(null);
        }

        return EventTime.TryParse(Encoding.UTF8.GetBytes(text), out var milliseconds)
            ? new Time(milliseconds)
            : Problem.Invalid(
                name, $"The query parameter '{name}' must be a time such as 2026-03-01T08:00:00.250Z (a '+' in it has to be sent as %2B), or Unix milliseconds, not '{text}'.");
    }

    private static Parsed<int> ParseLimit(string? text)
        => text is null ? DefaultLimit
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaximumLimit ? limit
            : Problem.Invalid("limit", $"The query parameter 'limit' must be a whole number from 1 to {MaximumLimit}, not '{text}'.");

    private sealed record Time(long? Milliseconds);
}
