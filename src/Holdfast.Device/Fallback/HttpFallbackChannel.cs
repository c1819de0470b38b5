using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Holdfast.Device.Fallback;

/// <summary>Posts events to Holdfast's HTTP interface. Give the client a handler that uses the other network.</summary>
/// <param name="http">The client; its base address is that of a node, such as <c>https://eu.example.com</c>. It is not disposed of here.</param>
/// <param name="product">The product.</param>
/// <param name="token">An API token that may publish, or null.</param>
public sealed class HttpFallbackChannel(HttpClient http, string product, string? token = null) : IFallbackChannel
{
    /// <inheritdoc/>
    public async Task<bool> SendAsync(FallbackEvent fallbackEvent, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/products/{Uri.EscapeDataString(product)}/events")
        {
            Content = new ByteArrayContent(Write(fallbackEvent)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);

        // Only 202 comes after the commit; anything else in the 200s is somebody else's answer, a captive portal's for one.
        return response.StatusCode == HttpStatusCode.Accepted;
    }

    private static byte[] Write(FallbackEvent fallbackEvent)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("topic", fallbackEvent.Topic);
        json.WriteBase64String("payload", fallbackEvent.Payload.Span);
        json.WriteString("payloadEncoding", "base64");
        if (fallbackEvent.ContentType is { } contentType)
        {
            json.WriteString("contentType", contentType);
        }

        json.WriteString("stream", fallbackEvent.Identity.Stream);
        json.WriteNumber("sequence", fallbackEvent.Identity.Sequence);
        json.WriteStartArray("properties");
        WriteProperty(json, "hf-stream", fallbackEvent.Identity.Stream);
        WriteProperty(json, "hf-seq", fallbackEvent.Identity.Sequence.ToString(CultureInfo.InvariantCulture));
        WriteProperty(json, "hf-published-at", fallbackEvent.PublishedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        if (fallbackEvent.Receipt is { } receipt)
        {
            WriteProperty(json, "hf-receipt", receipt);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenSpan.ToArray();
    }

    private static void WriteProperty(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("value", value);
        json.WriteEndObject();
    }
}
