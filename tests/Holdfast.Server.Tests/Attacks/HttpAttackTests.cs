using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Holdfast.Server.Tests.Attacks.Fuzzing;

namespace Holdfast.Server.Tests.Attacks;

/// <summary>Attempts over HTTP, byte by byte, against a real server.</summary>
public sealed class HttpAttackTests(MqttAttackTests.Scene scene) : IClassFixture<MqttAttackTests.Scene>
{
    private const string Events = "/api/v1/products/acme/events";

    private TwoProducts Products => scene.Products;

    [Theory]
    [InlineData("/../../../../etc/passwd")]
    [InlineData("/%2e%2e/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("/reference/..%2f..%2fadmin-token")]
    [InlineData("/reference/%2e%2e/admin-token")]
    [InlineData("//etc/passwd")]
    [InlineData("/admin-token")]
    [InlineData("/openapi/../admin-token")]
    [InlineData("/api/v1/products/..%2f..%2fzirkon/devices")]
    [InlineData("/api/v1/products/acme/../zirkon/devices")]
    [InlineData("/api/v1/products/acme%2f..%2fzirkon/devices")]
    [InlineData("/api/v1/products/acme%00/devices")]
    [InlineData("/api/v1/products/acme/integrations/..%2f..%2f..%2fzirkon%2fdevices")]
    [InlineData("/api/v1/products/acme/devices/..%2f..%2fzirkon%2fdevices%2fzirkon-d")]
    public async Task A_path_leads_nowhere_but_to_what_it_names(string path)
    {
        var answer = await SendAsync($"GET {path} HTTP/1.1", $"Authorization: Bearer {Products.Token}");

        // The page below /reference is the same whatever follows.
        Assert.Contains(answer.Status, path.StartsWith("/reference", StringComparison.Ordinal) ? (int[])[200, 400, 404] : [400, 404]);
        Assert.DoesNotContain(Products.AdminToken, answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("root:", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("zirkon-d\"", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_has_a_second_line_is_refused_and_none_is_made_of_what_clients_say()
    {
        var split = await SendAsync($"POST {Events}?topic=x%0d%0aX-Injected:%201 HTTP/1.1", $"Authorization: Bearer {Products.Token}", "Content-Type: text/plain", "Content-Length: 0");
        Assert.DoesNotContain(split.Head.Split("\r\n"), line => line.StartsWith("X-Injected", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(400, (await SendAsync($"GET {Events} HTTP/1.1", "Holdfast-Stream: a\rX-Injected: 1")).Status);
        Assert.Equal(400, (await SendAsync($"GET {Events} HTTP/1.1", "Host: other")).Status);
        Assert.Equal(400, (await SendAsync($"POST {Events} HTTP/1.1", "Transfer-Encoding: chunked, identity", "Content-Length: 3")).Status);
    }

    /// <summary>The content type of an event is its publisher's text; in the request of a webhook it stands in a header.</summary>
    [Fact]
    public async Task A_publisher_cannot_put_a_header_into_the_request_of_a_webhook()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (status, body) = await Products.SendAsync(
            HttpMethod.Post, "/api/v1/products/acme/integrations", $$"""{"name":"raw","filter":"devices/d/events/injected","body":"raw","url":"http://127.0.0.1:{{((IPEndPoint)listener.LocalEndpoint).Port}}/"}""");
        Assert.True(status == 201, body);
        using var device = await RawMqtt.ConnectAsync(Products.Server.MqttPort, "acme/d", Products.DeviceKey, "w");
        byte[] contentType = [3, 0, 25, .. "text/plain\r\nX-Injected: 1\r\n"u8[..25]];

        await device.PublishAndWaitAsync("devices/d/events/injected", "1", properties: contentType);

        using var received = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var head = await ReadHeadAsync(received.GetStream());
        Assert.StartsWith("POST / HTTP/1.1\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain(head.Split("\r\n"), line => line.StartsWith("X-Injected", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_compressed_body_is_refused_before_it_is_unpacked()
    {
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[64 * 1024 * 1024], TestContext.Current.CancellationToken);
        }

        var answer = await SendAsync(bomb.ToArray(), $"POST {Events}?topic=x HTTP/1.1", $"Authorization: Bearer {Products.Token}", "Content-Type: text/plain", "Content-Encoding: gzip", $"Content-Length: {bomb.Length}");

        Assert.Equal(415, answer.Status);
    }

    [Fact]
    public async Task What_is_too_large_or_too_deep_is_refused_with_its_reason()
    {
        Assert.Equal(431, (await SendAsync($"GET {Events} HTTP/1.1", "X-Large: " + new string('x', 100_000))).Status);
        Assert.Equal(414, (await SendAsync($"GET /{new string('x', 20_000)} HTTP/1.1")).Status);
        Assert.Equal(413, (await SendAsync($"POST {Events} HTTP/1.1", $"Authorization: Bearer {Products.Token}", "Content-Type: application/json", "Content-Length: 999999999999")).Status);
        Assert.Equal(400, await PostAsync(string.Concat(Enumerable.Repeat("[", 50_000))));
        Assert.Equal(400, await PostAsync("""{"topic":"x","payload":""" + string.Concat(Enumerable.Repeat("{\"a\":", 50_000))));
        Assert.Equal(422, await PostAsync($$"""{"topic":"{{string.Join('/', Enumerable.Repeat("a", 5000))}}","payload":""}"""));
    }

    /// <summary>Ids and cursors say where something lies; whose it is, is looked up.</summary>
    [Fact]
    public async Task An_id_or_a_cursor_of_another_product_opens_nothing()
    {
        var (_, theirs) = await Products.SendAsync(HttpMethod.Get, "/api/v1/products/zirkon/events?limit=1");
        var page = JsonElement.Parse(theirs);
        var id = page.GetProperty("events")[0].GetProperty("id").GetString()!;

        var trace = await Products.SendAsync(HttpMethod.Get, $"{Events}/{id}/trace", token: Products.Token);
        var nothing = await Products.SendAsync(HttpMethod.Get, $"{Events}/{id[..^1]}{(id[^1] == '9' ? '8' : '9')}/trace", token: Products.Token);
        var read = await Products.SendAsync(HttpMethod.Get, $"{Events}?limit=1000", token: Products.Token);

        Assert.Equal((404, 404), (trace.Status, nothing.Status));
        Assert.DoesNotContain("zirkon", read.Body, StringComparison.Ordinal);
        foreach (var path in (string[])["/metrics", "/api/v1/cluster", "/api/v1/tokens"])
        {
            Assert.Equal(403, (await Products.SendAsync(HttpMethod.Get, path, token: Products.Token)).Status);
        }

        Assert.Equal(404, (await Products.SendAsync(HttpMethod.Get, "/api/v1/products/zirkon/custody", token: Products.Token)).Status);
    }

    private async Task<int> PostAsync(string body)
        => (await SendAsync(Encoding.UTF8.GetBytes(body), $"POST {Events} HTTP/1.1", $"Authorization: Bearer {Products.Token}", "Content-Type: application/json", $"Content-Length: {Encoding.UTF8.GetByteCount(body)}")).Status;

    private Task<RawAnswer> SendAsync(params string[] lines) => SendAsync([], lines);

    private Task<RawAnswer> SendAsync(byte[] body, params string[] lines)
        => RawHttp.SendAsync(Products.Server.HttpPort, [.. Encoding.UTF8.GetBytes(string.Join("\r\n", (string[])[.. lines, "Host: 127.0.0.1", "Connection: close", "", ""])), .. body], isWhole: true);

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var buffer = new byte[4096];
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(count > 0, $"The connection ended inside the head: {head}");
            head.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return head.ToString();
    }
}
