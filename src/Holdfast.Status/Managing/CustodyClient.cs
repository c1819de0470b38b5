using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
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
                lines.Add($"- Product {product}: {figures}.");
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
                new Uri($"api/v1/products/{Uri.EscapeDataString(product)}/custody?from={Stamp(from)}&to={Stamp(to)}", UriKind.Relative), cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return null;
            }

            using JsonDocument document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), cancellationToken: cancellationToken).ConfigureAwait(false);

            // Whatever figures it names are taken, so that a cloud which counts more is not told of less.
            string[] figures = document.RootElement.ValueKind != JsonValueKind.Object ? [] :
            [
                .. document.RootElement.EnumerateObject()
                    .Where(property => property.Value.ValueKind == JsonValueKind.Number)
                    .Select(property => $"{property.Name} {property.Value.GetRawText()}"),
            ];
            return figures.Length > 0 ? string.Join(", ", figures) : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or IOException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }
}
