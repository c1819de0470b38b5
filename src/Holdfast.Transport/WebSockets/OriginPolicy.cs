using System.Net;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Transport.WebSockets;

/// <summary>
/// Which web pages may open a WebSocket here. A browser lets any page connect to any address, this machine's own included, and sends along whose page
/// it is. Programs other than browsers send no Origin, or that of the server itself.
/// </summary>
/// <param name="allowed">Further origins such as <c>https://example.com</c>; <c>*</c> for all.</param>
internal sealed class OriginPolicy(IReadOnlyCollection<string> allowed)
{
    /// <summary>Judges a request.</summary>
    /// <returns>What is wrong and what to do, or null.</returns>
    public string? Refusal(HttpContext context)
    {
        var origins = context.Request.Headers.Origin;
        if (origins.Count == 0 || allowed.Contains("*"))
        {
            return null;
        }

        var origin = origins.ToString();
        return allowed.Contains(origin, StringComparer.OrdinalIgnoreCase) || (Uri.TryCreate(origin, UriKind.Absolute, out var page) && IsOwn(page, context))
            ? null
            : $"Pages of {origin} may not connect here. If they should, start the server with --allow-origin {origin}";
    }

    private static bool IsOwn(Uri page, HttpContext context)
    {
        if (context.Request.IsHttps)
        {
            // The certificate has proved that the name is ours.
            return page.Host.Equals(context.Request.Host.Host, StringComparison.OrdinalIgnoreCase) && page.Port == (context.Request.Host.Port ?? 443);
        }

        // Without TLS a name proves nothing: a page whose own name leads to this machine (DNS rebinding) would be of the same origin.
        var local = context.Connection.LocalIpAddress;
        return local is not null && page.Port == context.Connection.LocalPort
            && (IPAddress.TryParse(page.Host.Trim('[', ']'), out var address) ? address.Equals(local) : page.Host == "localhost" && IPAddress.IsLoopback(local));
    }
}
