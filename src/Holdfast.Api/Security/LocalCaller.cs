using System.Net;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Security;

/// <summary>
/// Whether a request comes from a program on this machine that speaks for itself. A proxy on this machine forwards for others, and a browser on
/// this machine does what some web page says; neither is a local caller.
/// </summary>
internal static class LocalCaller
{
    public static bool Is(HttpContext context)
    {
        var headers = context.Request.Headers;
        return IsLoopback(context.Connection.LocalIpAddress)
            && IsLoopback(context.Connection.RemoteIpAddress)
            && headers.Origin.Count == 0
            && !headers.ContainsKey("Forwarded")
            && !headers.ContainsKey("X-Forwarded-For")
            && IsLocalName(context.Request.Host.Host);
    }

    private static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address);

    /// <summary>A web page whose own name leads to this machine (DNS rebinding) would otherwise be of the same origin.</summary>
    private static bool IsLocalName(string host)
        => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Trim('[', ']'), out _);
}
