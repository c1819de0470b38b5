using System.Text;
using Holdfast.Api.Problems;
using Holdfast.Broker.Identities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Holdfast.Api.Security;

/// <summary>Lets requests through to their endpoint, or refuses them, before anything of them is read.</summary>
internal static class Authorization
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";

    /// <summary>Requires this access of every request to the endpoints.</summary>
    public static void Require(this IEndpointConventionBuilder endpoints, Access access, ApiOptions options)
        => endpoints.Finally(endpoint =>
        {
            var handler = endpoint.RequestDelegate ?? throw new InvalidOperationException($"{endpoint.DisplayName} has no handler to protect.");
            endpoint.RequestDelegate = context =>
            {
                if (Refusal(context, access, options) is not { } problem)
                {
                    return handler(context);
                }

                if (problem.Status == StatusCodes.Status401Unauthorized)
                {
                    context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer realm=\"holdfast\"";
                }

                return context.WriteProblemAsync(problem);
            };
        });

    private static Problem? Refusal(HttpContext context, Access access, ApiOptions options)
    {
        if (context.Request.Headers.Authorization is [{ } given])
        {
            // Whoever shows something is judged by it: a wrong token is a mistake to report, not an anonymous caller.
            return RefusalOf(context, access, options, given);
        }

        var isAllowed = access switch
        {
            Access.Publish or Access.Call or Access.Events => IsAnonymousAllowed(context, options) && context.GetRouteValue("product") is IdentityRegistry.DefaultProduct,
            Access.Local => LocalCaller.Is(context),
            _ => false,
        };
        Caller.Anonymous.Keep(context);
        return isAllowed ? null : Problem.Unauthorized(wasGiven: false, options.AdminToken.Path);
    }

    private static Problem? RefusalOf(HttpContext context, Access access, ApiOptions options, string given)
    {
        if (given.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && options.AdminToken.Matches(given.AsSpan(Bearer.Length).Trim()))
        {
            Caller.Administrator.Keep(context);
            return null;
        }

        var authenticator = context.RequestServices.GetRequiredService<ClientAuthenticator>();
        var address = ClientAuthenticator.AddressOf(context.Connection.RemoteIpAddress);
        var name = Convert.ToHexString(Secret.Hash(given));
        if (!authenticator.Attempts.Allows(address, name))
        {
            return Problem.TooManyAttempts();
        }

        if (Find(authenticator, given) is not { } caller)
        {
            authenticator.Attempts.CountWrong(address, name);
            return Problem.Unauthorized(wasGiven: true, options.AdminToken.Path);
        }

        caller.Keep(context);

        // Of what is another product's nobody hears: neither that it is there nor that it is not.
        var product = context.GetRouteValue("product") as string;
        return product is not null && caller.Product is not null && product != caller.Product ? Problem.NotFound($"There is no product '{product}'.")
            : caller.Has(access) ? null
            : Problem.Forbidden(access is Access.Administrator or Access.Local
                ? "This needs the administrator's token, or a token of all products."
                : "The token has not the scope for it; 'holdfast token show' lists its scopes.");
    }

    private static Caller? Find(ClientAuthenticator authenticator, string given)
    {
        if (given.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return authenticator.FindToken(given[Bearer.Length..].Trim()) is { } token ? Caller.Of(token) : null;
        }

        if (!given.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var text = new byte[given.Length];
        if (!Convert.TryFromBase64String(given[Basic.Length..].Trim(), text, out var length))
        {
            return null;
        }

        // An id may hold colons, a key and a token do not.
        var pair = Encoding.UTF8.GetString(text, 0, length);
        var colon = pair.LastIndexOf(':');
        return colon > 0 && authenticator.Identify(pair[..colon], pair[(colon + 1)..]) is { Device: not null } device ? Caller.Of(device) : null;
    }

    private static bool IsAnonymousAllowed(HttpContext context, ApiOptions options)
        => options.AllowAnonymous || (options.AllowAnonymousLoopback && LocalCaller.Is(context));
}
