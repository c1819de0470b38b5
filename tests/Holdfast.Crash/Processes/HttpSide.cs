using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Holdfast.Crash.Processes;

/// <summary>The HTTP side of a server.</summary>
internal static class HttpSide
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Adds a webhook with the admin token of the data directory.</summary>
    public static async Task AddWebhookAsync(ServerProcess server, string data, Uri url, string filter, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(server, "api/v1/products/default/integrations"));
        var token = await File.ReadAllTextAsync(Path.Combine(data, "admin-token"), cancellationToken);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        request.Content = JsonContent.Create(new { name = "crash", kind = "webhook", filter, url });
        using var response = await Http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    /// <summary>The status of <c>/health/ready</c>.</summary>
    public static async Task<HttpStatusCode> ReadyAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        using var response = await Http.GetAsync(Address(server, "health/ready"), cancellationToken);
        return response.StatusCode;
    }

    private static Uri Address(ServerProcess server, string path) => new($"http://127.0.0.1:{server.HttpPort}/{path}");
}
