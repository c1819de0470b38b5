using System.Globalization;
using System.Text;
using Holdfast.Api.Events.Reading;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Custody;

/// <summary>What became of events: the trace of one, the report of a device or of a product.</summary>
internal sealed class CustodyEndpoints(ApiOptions options)
{
    private const string Product = "/api/v1/products/{product}";
    private const double MaximumLateSeconds = 30 * 86_400;

    private readonly ReaderLimit _reports = new(options.MaximumCustodyReaders);

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        var custody = new CustodyEndpoints(options);
        endpoints.MapGet(Product + "/events/{event}/trace", TraceAsync).Require(Access.Events, options);
        endpoints.MapGet(Product + "/custody", custody.ReportAsync).Require(Access.Events, options);
        endpoints.MapGet(Product + "/devices/{device}/custody", custody.ReportAsync).Require(Access.Events, options);
    }

    private static async Task TraceAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !QueryParameters.Read(context.Request.Query, []).IsValid(out _, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var id = context.GetRouteValue("event") as string ?? "";
        var trace = await Custody(context).TraceAsync(product, id, context.RequestAborted);
        await (trace is null
            ? context.WriteProblemAsync(Problem.NotFound($"The product '{product}' has no event '{id}', or retention has removed it."))
            : context.Response.WriteAsJsonAsync(trace, ApiJson.Readable.EventTrace, cancellationToken: context.RequestAborted));
    }

    private async Task ReportAsync(HttpContext context)
    {
        if (!Read(context).IsValid(out var query, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        if (!_reports.TryEnter(out var place))
        {
            await context.WriteProblemAsync(
                Problem.TooManyReaders($"This node makes {_reports.Maximum} custody reports at the same time, and so many are being made. Try again later."));
            return;
        }

        using (place)
        {
            try
            {
                var report = await Custody(context).ReportAsync(query, context.RequestAborted);
                await context.Response.WriteAsJsonAsync(report, ApiJson.Readable.CustodyReport, cancellationToken: context.RequestAborted);
            }
            catch (CustodyTooLargeException exception)
            {
                await context.WriteProblemAsync(Problem.TooLarge(exception.Message));
            }
        }
    }

    private static Parsed<CustodyQuery> Read(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !QueryParameters.Read(context.Request.Query, ["from", "to", "late", "after", "limit"]).IsValid(out var values, out problem)
            || !Time(values, "from").IsValid(out var from, out problem)
            || !Time(values, "to").IsValid(out var to, out problem)
            || !Number(values, "late", 10, MaximumLateSeconds).IsValid(out var late, out problem)
            || !Number(values, "limit", 100, CustodyQuery.MaximumLimit).IsValid(out var limit, out problem))
        {
            return problem;
        }

        var device = context.GetRouteValue("device") as string;
        if (device is not null && (device.Length == 0 || device.AsSpan().ContainsAny("/+#")))
        {
            return Problem.Invalid("device", "A device id has at least one character and no '/', '+' or '#'.");
        }

        return from.At >= to.At
            ? Problem.Invalid("to", "The time 'to' must be later than 'from'.")
            : new CustodyQuery(product)
            {
                Device = device,
                From = from.At,
                To = to.At,
                LateAfter = TimeSpan.FromSeconds(late),
                After = values.GetValueOrDefault("after"),
                Limit = (int)limit,
            };
    }

    private static Parsed<Moment> Time(Dictionary<string, string> values, string name)
        => !values.TryGetValue(name, out var text) ? new Moment(null)
            : EventTime.TryParse(Encoding.UTF8.GetBytes(text), out var milliseconds) ? new Moment(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds))
            : Problem.Invalid(name, $"The query parameter '{name}' must be a time such as 2026-03-01T08:00:00Z, or Unix milliseconds, not '{text}'.");

    private static Parsed<double> Number(Dictionary<string, string> values, string name, double otherwise, double maximum)
        => !values.TryGetValue(name, out var text) ? otherwise
            : double.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= maximum ? number
            : Problem.Invalid(name, $"The query parameter '{name}' must be a whole number from 1 to {maximum:0}, not '{text}'.");

    private static ICustody Custody(HttpContext context) => context.RequestServices.GetRequiredService<ICustody>();

    private sealed record Moment(DateTimeOffset? At);
}
