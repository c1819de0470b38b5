using System.Globalization;
using System.Net.Mime;
using Holdfast.Broker.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Problems;

/// <summary>Answers requests with problems, each of which is counted by its kind and told in the log once.</summary>
internal static class ProblemResponses
{
    public static Task WriteProblemAsync(this HttpContext context, Problem problem)
    {
        context.RequestServices.GetRequiredService<ApiMetrics>().CountRefused(problem.Kind);

        // Escaped as it was sent, so that nobody writes lines of his own into the log.
        context.RequestServices.GetRequiredService<RefusalLog>().Note(
            "request", problem.Kind, $"{context.Request.Method} {context.Request.Path.ToUriComponent()} from {context.Connection.RemoteIpAddress}.");
        context.Response.StatusCode = problem.Status;
        if (problem.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return context.Response.WriteAsJsonAsync(
            problem, ApiJson.Readable.Problem, MediaTypeNames.Application.ProblemJson, context.RequestAborted);
    }
}
