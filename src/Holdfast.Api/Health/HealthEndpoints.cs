using System.Text.Json.Serialization;
using Holdfast.Broker.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Health;

/// <summary>Liveness and readiness. Open to everybody: they tell no more than whether to come here.</summary>
internal static class HealthEndpoints
{
    private static readonly string[] GetOrHead = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/health/live", GetOrHead, LiveAsync);
        endpoints.MapMethods("/health/ready", GetOrHead, ReadyAsync);
    }

    /// <summary>200 while the process runs.</summary>
    private static Task LiveAsync(HttpContext context) => WriteAsync(context, StatusCodes.Status200OK, new HealthAnswer("live", null));

    /// <summary>200 only while commits succeed: a node that cannot commit must not be sent devices.</summary>
    private static Task ReadyAsync(HttpContext context)
    {
        var health = context.RequestServices.GetRequiredService<ICommitHealth>();
        return health.State switch
        {
            CommitState.Committing => WriteAsync(context, StatusCodes.Status200OK, new HealthAnswer("ready", null)),
            CommitState.Starting => RefuseAsync(context, "starting", health.Reason),
            CommitState.Full => RefuseAsync(context, "full", health.Reason),
            CommitState.Draining => RefuseAsync(context, "draining", health.Reason),
            _ => RefuseAsync(context, "stalled", health.Reason),
        };
    }

    private static Task RefuseAsync(HttpContext context, string status, string reason)
        => WriteAsync(context, StatusCodes.Status503ServiceUnavailable, new HealthAnswer(status, reason));

    private static Task WriteAsync(HttpContext context, int statusCode, HealthAnswer answer)
    {
        context.Response.StatusCode = statusCode;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(answer, ApiJson.Readable.HealthAnswer, cancellationToken: context.RequestAborted);
    }
}

/// <summary>The answer of a health endpoint.</summary>
/// <param name="Status"><c>live</c>, <c>ready</c>, <c>starting</c>, <c>stalled</c>, <c>full</c> or <c>draining</c>.</param>
/// <param name="Reason">Why the node is not ready, in words.</param>
internal sealed record HealthAnswer(string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason);
