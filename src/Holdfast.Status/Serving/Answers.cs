using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Status.Serving;

/// <summary>How refusals are said over HTTP.</summary>
internal static class Answers
{
    /// <summary>Refuses a request.</summary>
    public static async Task RefuseAsync(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(new Dictionary<string, object> { ["status"] = status, ["detail"] = detail }), context.RequestAborted);
    }

    /// <summary>Refuses a method.</summary>
    public static async Task RefuseMethodAsync(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        await RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, $"Use {allowed}.");
    }
}
