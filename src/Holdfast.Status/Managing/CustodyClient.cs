using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Holdfast.Status.Incidents;
using Holdfast.Status.Page;

namespace Holdfast.Status.Managing;

/// <summary>Asks the cloud what became of the events of a time, per product. A cloud that does not say it is left out.</summary>
internal sealed class CustodyClient : IDisposable
{
    /// <summary>The environment variable with the API token of the cloud.</summary>
    public const string TokenVariable = "HOLDFAST_CLOUD_TOKEN";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient? _http;
    private readonly IReadOnlyList<string> _products;

    /// <summary>Makes a client; without a cloud in the options it asks nobody.</summary>
    public CustodyClient(PageOptions options, string? token)
    {
        _products = options.CloudProducts;
        if (options.Cloud.Length > 0)
        {
            _http = new HttpClient { BaseAddress = new Uri(options.Cloud.TrimEnd('/') + "/"), Timeout = Timeout };
            _http.DefaultRequestHeaders.Authorization = string.IsNullOrEmpty(token) ? null : new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>The figures as a Markdown list; empty when nobody says any.</summary>
    public async Task<string> ReadAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        foreach (string product in _http is null ? [] : _products)
        {
            if (await ReadAsync(product, from, to, cancellationToken).ConfigureAwait(false) is { } figures)
            {
                lines.Add($"- Product {PostmortemTemplate.Escape(product)}: {figures}");
            }
        }

        return string.Join('\n', lines);
    }

    /// <inheritdoc/>
    public void Dispose() => _http?.Dispose();

    private async Task<string?> ReadAsync(string product, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        string Stamp(DateTimeOffset time) => Uri.EscapeDataString(time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        try
        {
            using HttpResponseMessage response = await _http!.GetAsync(
                new Uri($"api/v1/products/{Uri.EscapeDataString(product)}/custody?from={Stamp(from)}&to={Stamp(to)}&limit=1", UriKind.Relative), cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return null;
            }

            using JsonDocument document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), cancellationToken: cancellationToken).ConfigureAwait(false);

            return Say(document.RootElement);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or IOException or InvalidOperationException or KeyNotFoundException or FormatException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    // A stranger's words: what is a name stays text in Markdown, and what is a figure is read as one.
    private static string Say(JsonElement report)
    {
        JsonElement events = report.GetProperty("events");
        string accepted = $"{Count(events, "accepted")} events accepted, {Count(events, "missing")} never arrived";
        IEnumerable<string> integrations = report.GetProperty("integrations").EnumerateArray().Select(one => string.Create(
            CultureInfo.InvariantCulture,
            $"\n  - {PostmortemTemplate.Escape(one.GetProperty("name").GetString() ?? "")}: {Count(one, "delivered")} of {Count(one, "wanted")} delivered, {Count(one, "late")} late, {Count(one, "waiting")} waiting, {Count(one, "deadLetters")} dead letters, lost: {Count(one, "lost")}"));
        return $"{accepted}.{string.Concat(integrations)}";
    }

    private static long Count(JsonElement json, string name) => json.GetProperty(name).GetInt64();
}
