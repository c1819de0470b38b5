using System.Text.Json;
using Holdfast.Status.Managing;
using Holdfast.Status.Notifying;
using Holdfast.Status.Operating;
using Holdfast.Status.Reports;
using Holdfast.Status.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Holdfast.Status.Serving;

/// <summary>What the status page answers over HTTP.</summary>
internal sealed class StatusEndpoints(StatusDesk desk, PageCache cache, ManagementApi management, SubscriptionPages subscriptions, OperatorEndpoints operators, Logo logo)
{
    private const string Bearer = "Bearer ";
    private const string Management = "api/v1/";

    /// <summary>Answers a request.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        string path = context.Request.Path.Value!.TrimStart('/');
        if (path == "api/v1/reports")
        {
            await (HttpMethods.IsPost(context.Request.Method) ? TakeReportAsync(context) : Answers.RefuseMethodAsync(context, HttpMethods.Post));
        }
        else if (path.StartsWith(Management, StringComparison.Ordinal))
        {
            await management.ServeAsync(context, path[Management.Length..]);
        }
        else if (SubscriptionPages.Serves(path))
        {
            await subscriptions.ServeAsync(context, path);
        }
        else if (OperatorEndpoints.Serves(path))
        {
            await operators.ServeAsync(context, path);
        }
        else if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        {
            await ServeDocumentAsync(context, path.Length == 0 ? "index.html" : path);
        }
        else
        {
            await Answers.RefuseMethodAsync(context, HttpMethods.Get);
        }
    }

    private async Task ServeDocumentAsync(HttpContext context, string path)
    {
        if ((path == logo.Path ? logo.Content : cache.Find(path)) is not { } document)
        {
            await Answers.RefuseAsync(context, StatusCodes.Status404NotFound, $"There is nothing at /{path}.");
            return;
        }

        HttpResponse response = context.Response;
        response.ContentType = MediaTypes.Of(path);
        bool isStyle = path == "style.css" || path == logo.Path;
        response.Headers.CacheControl = isStyle ? "public, max-age=3600" : "public, max-age=1";
        if (path.StartsWith("api/", StringComparison.Ordinal))
        {
            // Public figures: dashboards of other origins may read them.
            response.Headers.AccessControlAllowOrigin = "*";
        }

        response.ContentLength = document.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(document, context.RequestAborted);
        }
    }

    private async Task TakeReportAsync(HttpContext context)
    {
        string authorization = context.Request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) || desk.Authenticate(authorization[Bearer.Length..].Trim()) is not { } watcher)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Answers.RefuseAsync(context, StatusCodes.Status401Unauthorized, "A report needs 'Authorization: Bearer TOKEN' with the token of a watcher: holdfast status watcher add.");
            return;
        }

        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = ReportCheck.MaximumBytes;
        Report? report;
        try
        {
            report = await JsonSerializer.DeserializeAsync(context.Request.Body, ReportJson.Default.Report, context.RequestAborted);
        }
        catch (JsonException exception)
        {
            await Answers.RefuseAsync(context, StatusCodes.Status400BadRequest, $"The report is not understood at {exception.Path ?? "$"}, line {exception.LineNumber + 1}.");
            return;
        }
        catch (BadHttpRequestException exception)
        {
            await Answers.RefuseAsync(context, exception.StatusCode, $"A report has at most {ReportCheck.MaximumBytes} bytes.");
            return;
        }

        if (report is null || ReportCheck.Problem(report) is not null)
        {
            await Answers.RefuseAsync(context, StatusCodes.Status422UnprocessableEntity, report is null ? "The report is null." : ReportCheck.Problem(report)!);
            return;
        }

        await AnswerAsync(context, watcher, report);
    }

    private async Task AnswerAsync(HttpContext context, StoredWatcher watcher, Report report)
    {
        ReportAnswer answer = desk.Take(watcher, report);
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, answer, ReportJson.Default.ReportAnswer, context.RequestAborted);
    }
}
