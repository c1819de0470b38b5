using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Holdfast.Crash.Processes;

/// <summary>The HTTP side of a server.</summary>
internal static class HttpSide
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Adds a webhook with the admin token of the data directory.</summary>
    public static Task AddWebhookAsync(ServerProcess server, string data, Uri url, string filter, CancellationToken cancellationToken)
        => AddIntegrationAsync(server, data, new { name = "crash", kind = "webhook", filter, url }, cancellationToken);

    /// <summary>Adds an integration with the admin token of the data directory.</summary>
    public static async Task AddIntegrationAsync(ServerProcess server, string data, object integration, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(server, "api/v1/products/default/integrations"));
        var token = await File.ReadAllTextAsync(Path.Combine(data, "admin-token"), cancellationToken);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        request.Content = JsonContent.Create(integration);
        using var response = await Http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    /// <summary>All events that match a filter without wildcards, in order.</summary>
    public static async Task<IReadOnlyList<JsonElement>> EventsAsync(ServerProcess server, string filter, CancellationToken cancellationToken)
    {
        var events = new List<JsonElement>();
        var after = "";
        while (true)
        {
            using var response = await Http.GetAsync(Address(server, $"api/v1/products/default/events?filter={Uri.EscapeDataString(filter)}&limit=10000{after}"), cancellationToken);
            var page = JsonElement.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            events.AddRange(page.GetProperty("events").EnumerateArray());
            if (!page.GetProperty("more").GetBoolean())
            {
                return events;
            }

            after = $"&after={page.GetProperty("next").GetString()}";
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
