using Holdfast.Api.Problems;
using Holdfast.Api.Security;
using Holdfast.Broker.Reports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Cluster;

/// <summary>What an acknowledgement means now, who serves what, and what the next failure would cost; and the orderly end of a node.</summary>
internal static class ClusterEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        endpoints.MapGet("/api/v1/cluster", ShowAsync).Require(Access.Local, options);
        endpoints.MapPost("/api/v1/cluster/nodes/{node}/drain", DrainAsync).Require(Access.Administrator, options);
    }

    private static async Task ShowAsync(HttpContext context)
    {
        var report = await Reporter(context).ReportAsync(context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsJsonAsync(report, ApiJson.Readable.ClusterReport, cancellationToken: context.RequestAborted);
    }

    private static async Task DrainAsync(HttpContext context)
    {
        var node = (string)context.GetRouteValue("node")!;
        if (await Reporter(context).DrainAsync(node, context.RequestAborted))
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        await context.WriteProblemAsync(Problem.NotFound($"There is no node '{node}' that answers. GET /api/v1/cluster lists them."));
    }

    private static IClusterReporter Reporter(HttpContext context) => context.RequestServices.GetRequiredService<IClusterReporter>();
}
