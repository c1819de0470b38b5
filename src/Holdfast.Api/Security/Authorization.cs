using Holdfast.Api.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Holdfast.Api.Security;

/// <summary>Lets requests through to their endpoint, or refuses them, before anything of them is read.</summary>
internal static class Authorization
{
    /// <summary>The product of anonymous callers.</summary>
    public const string AnonymousProduct = "default";

    private const string Scheme = "Bearer ";

    /// <summary>Requires this access of every request to the endpoints.</summary>
    public static void Require(this IEndpointConventionBuilder endpoints, Access access, ApiOptions options)
        => endpoints.Finally(endpoint =>
        {
            var handler = endpoint.RequestDelegate ?? throw new InvalidOperationException($"{endpoint.DisplayName} has no handler to protect.");
            endpoint.RequestDelegate = context => IsAllowed(context, access, options) ? handler(context) : RefuseAsync(context, options);
        });

    private static bool IsAllowed(HttpContext context, Access access, ApiOptions options)
    {
        if (context.Request.Headers.Authorization is [{ } given])
        {
            // Whoever shows a token is judged by it: a wrong one is a mistake to report, not an anonymous caller.
            return given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && options.AdminToken.Matches(given.AsSpan(Scheme.Length).Trim());
        }

        return access switch
        {
            Access.Events => IsAnonymousAllowed(context, options) && context.GetRouteValue("product") is AnonymousProduct,
            Access.Local => LocalCaller.Is(context),
            _ => false,
        };
    }

    private static bool IsAnonymousAllowed(HttpContext context, ApiOptions options)
        => options.AllowAnonymous || (options.AllowAnonymousLoopback && LocalCaller.Is(context));

    private static Task RefuseAsync(HttpContext context, ApiOptions options)
    {
        context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer realm=\"holdfast\"";
        return context.WriteProblemAsync(Problem.Unauthorized(context.Request.Headers.Authorization.Count > 0, options.AdminToken.Path));
    }
}
