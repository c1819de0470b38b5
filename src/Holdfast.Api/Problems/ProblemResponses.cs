using System.Globalization;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Problems;

/// <summary>Answers requests with problems.</summary>
internal static class ProblemResponses
{
    public static Task WriteProblemAsync(this HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        if (problem.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return context.Response.WriteAsJsonAsync(
            problem, ApiJson.Readable.Problem, MediaTypeNames.Application.ProblemJson, context.RequestAborted);
    }
}
