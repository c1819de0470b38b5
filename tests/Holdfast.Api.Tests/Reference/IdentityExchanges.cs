using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Holdfast.Api.Tests.Support;
using Exchange = Holdfast.Api.Tests.Reference.Exchanges.Exchange;

namespace Holdfast.Api.Tests.Reference;

/// <summary>Requests that bring products, devices and tokens to every answer they have.</summary>
internal static class IdentityExchanges
{
    private const string Products = "/api/v1/products";
    private const string Product = Products + "/{product}";
    private const string Devices = Product + "/devices";
    private const string Device = Devices + "/{device}";
    private const string AllTokens = "/api/v1/tokens";
    private static readonly string[] TokenCollections = [Product + "/tokens", AllTokens];

    public static async IAsyncEnumerable<Exchange> RunAsync()
    {
        await using var host = await ApiHost.StartAsync();
        await foreach (var exchange in ProductsAsync(host))
        {
            yield return exchange;
        }

        await foreach (var exchange in SettingsAsync(host))
        {
            yield return exchange;
        }

        await foreach (var exchange in DevicesAsync(host))
        {
            yield return exchange;
        }

        await foreach (var exchange in LimitsAsync(host))
        {
            yield return exchange;
        }

        await foreach (var exchange in TokensAsync(host))
        {
            yield return exchange;
        }

        yield return await SendAsync(host, "DELETE", Product);
        yield return await SendAsync(host, "DELETE", Product);
    }

    private static async IAsyncEnumerable<Exchange> ProductsAsync(ApiHost host)
    {
        yield return await SendAsync(host, "POST", Products, """{"name":"acme"}""");
        yield return await SendAsync(host, "POST", Products, """{"name":"acme"}""");
        yield return await SendAsync(host, "POST", Products, """{"name":"Not.Valid"}""");
        yield return await SendAsync(host, "POST", Products, "{");
        yield return await SendAsync(host, "GET", Products);
        yield return await SendAsync(host, "GET", Product);
        yield return await SendAsync(host, "GET", Product, product: "other");
        yield return await SendAsync(host, "GET", Product, product: "Not.Valid");
        var own = await SendAsync(host, "POST", Product + "/tokens", """{"name":"own","scopes":["manage"]}""");
        var token = own.Answer.Json.GetProperty("token").GetString()!;
        yield return own;
        yield return await SendAsync(host, "PATCH", Product, """{"retentionAgeSeconds":86400,"retentionBytes":1000000}""");
        yield return await SendAsync(host, "PATCH", Product, """{"retentionBytes":null}""");
        yield return await SendAsync(host, "PATCH", Product, """{"retentionAgeSeconds":0}""");
        yield return await SendAsync(host, "PATCH", Product, "{");
        yield return await SendAsync(host, "PATCH", Product, "{}", token: token);
        yield return await SendAsync(host, "PATCH", Product, "{}", product: "other");
        yield return await SendAsync(host, "DELETE", Product);
        yield return await SendAsync(host, "DELETE", Product, token: token);
        yield return await SendAsync(host, "POST", Products, """{"name":"more"}""", token: token);
        foreach (var (method, path) in new[] { ("GET", AllTokens), ("POST", AllTokens) })
        {
            yield return await SendAsync(host, method, path, "{}", token: token);
        }

        foreach (var (method, path) in new[] { ("GET", Products), ("POST", Products), ("GET", Product), ("PATCH", Product), ("DELETE", Product) })
        {
            yield return await SendAsync(host, method, path, "{}", token: "");
        }

        yield return await SendAsync(host, "DELETE", Product + "/tokens/{name}", name: "own");
    }

    private static async IAsyncEnumerable<Exchange> SettingsAsync(ApiHost host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (string Path, JsonObject Body)[] all =
        [
            (Product + "/rules", new JsonObject { ["name"] = "one", ["action"] = "publish", ["filter"] = "groups/{device}/#" }),
            (Product + "/signing-keys", new JsonObject { ["name"] = "one", ["algorithm"] = "ES256", ["key"] = key.ExportSubjectPublicKeyInfoPem() }),
            (Product + "/authorities", new JsonObject { ["name"] = "one", ["certificate"] = Certificate(isAuthority: true) }),
        ];
        foreach (var (path, body) in all)
        {
            yield return await SendAsync(host, "POST", path, body.ToJsonString());
            yield return await SendAsync(host, "POST", path, """{"name":"one"}""");
            yield return await SendAsync(host, "POST", path, body.ToJsonString(), token: "");
            yield return await SendAsync(host, "POST", path, body.ToJsonString(), product: "other");
        }

        yield return await SendAsync(host, "GET", Product);
        foreach (var (path, _) in all)
        {
            yield return await SendAsync(host, "DELETE", path + "/{name}");
            yield return await SendAsync(host, "DELETE", path + "/{name}");
            yield return await SendAsync(host, "DELETE", path + "/{name}", token: "");
        }
    }

    private static async IAsyncEnumerable<Exchange> LimitsAsync(ApiHost host)
    {
        yield return await SendAsync(host, "POST", Devices, """{"id":"d"}""");
        var own = await SendAsync(host, "POST", Product + "/tokens", """{"name":"own","scopes":["manage"]}""");
        yield return await SendAsync(host, "PATCH", Product + "/limits", "{}", token: own.Answer.Json.GetProperty("token").GetString()!);
        foreach (var path in new[] { Product + "/limits", Product + "/device-limits", Device + "/limits" })
        {
            var changed = await SendAsync(host, "PATCH", path, """{"publishRate":10,"queueBytes":null}""");
            Assert.Equal(10, changed.Answer.Json.GetProperty("publishRate").GetInt64());
            yield return changed;
            var shown = await SendAsync(host, "GET", path);
            Assert.Equal(10, shown.Answer.Json.GetProperty("publishRate").GetInt64());
            yield return shown;
            yield return await SendAsync(host, "GET", path, token: "");
            yield return await SendAsync(host, "GET", path, product: "other");
            yield return await SendAsync(host, "PATCH", path, """{"publishRate":0}""");
            yield return await SendAsync(host, "PATCH", path, """{"unknown":1}""");
            yield return await SendAsync(host, "PATCH", path, "{");
            yield return await SendAsync(host, "PATCH", path, "{}", token: "");
            yield return await SendAsync(host, "PATCH", path, "{}", product: "other");
        }

        await SendAsync(host, "DELETE", Product + "/tokens/{name}", name: "own");
        await SendAsync(host, "DELETE", Device);
    }

    private static async IAsyncEnumerable<Exchange> DevicesAsync(ApiHost host)
    {
        var thumbprint = new string('A', 64);
        yield return await SendAsync(host, "POST", Devices, """{"id":"d"}""");
        yield return await SendAsync(host, "POST", Devices, """{"id":"d"}""");
        yield return await SendAsync(host, "POST", Devices, """{"id":"a/b"}""");
        yield return await SendAsync(host, "POST", Devices, """{"id":"d"}""", token: "");
        yield return await SendAsync(host, "POST", Devices, """{"id":"d"}""", product: "other");
        yield return await SendAsync(host, "POST", Devices, new JsonObject { ["id"] = "e", ["certificate"] = Certificate(isAuthority: false) }.ToJsonString());
        yield return await SendAsync(host, "GET", Devices);
        yield return await SendAsync(host, "GET", Devices, query: "?limit=1");
        yield return await SendAsync(host, "GET", Devices, query: "?limit=0");
        yield return await SendAsync(host, "GET", Devices, product: "other");
        yield return await SendAsync(host, "GET", Device);
        yield return await SendAsync(host, "POST", Device + "/key");
        yield return await SendAsync(host, "POST", Device + "/key", """{"overlapSeconds":-1}""");
        yield return await SendAsync(host, "POST", Device + "/revocation");
        yield return await SendAsync(host, "POST", Device + "/certificates", $$"""{"thumbprint":"{{thumbprint}}"}""");
        yield return await SendAsync(host, "POST", Device + "/certificates", """{"thumbprint":"A"}""");
        yield return await SendAsync(host, "DELETE", Device + "/certificates/{thumbprint}");
        (string, string)[] every = [("GET", Device), ("POST", Device + "/key"), ("POST", Device + "/revocation"), ("DELETE", Device + "/certificates/{thumbprint}"), ("DELETE", Device), ("POST", Device + "/certificates")];
        foreach (var (method, path) in every)
        {
            yield return await SendAsync(host, method, path, $$"""{"thumbprint":"{{thumbprint}}"}""", token: "");
        }

        yield return await SendAsync(host, "GET", Devices, token: "");
        yield return await SendAsync(host, "DELETE", Device);
        foreach (var (method, path) in every)
        {
            yield return await SendAsync(host, method, path, path.EndsWith("certificates", StringComparison.Ordinal) ? $$"""{"thumbprint":"{{thumbprint}}"}""" : null);
        }

        yield return await SendAsync(host, "DELETE", Device, device: "e");
    }

    private static async IAsyncEnumerable<Exchange> TokensAsync(ApiHost host)
    {
        foreach (var collection in TokenCollections)
        {
            var one = collection + "/{name}";
            yield return await SendAsync(host, "POST", collection, """{"name":"one","scopes":["publish","read"]}""");
            yield return await SendAsync(host, "POST", collection, """{"name":"one","scopes":["publish"]}""");
            yield return await SendAsync(host, "POST", collection, """{"name":"two","scopes":["everything"]}""");
            yield return await SendAsync(host, "GET", collection);
            yield return await SendAsync(host, "GET", one);
            yield return await SendAsync(host, "POST", one + "/secret", """{"overlapSeconds":60}""");
            yield return await SendAsync(host, "POST", one + "/secret", """{"overlap":60}""");
            yield return await SendAsync(host, "POST", one + "/revocation");
            foreach (var (method, path) in new[] { ("GET", collection), ("POST", collection), ("GET", one), ("POST", one + "/secret"), ("POST", one + "/revocation"), ("DELETE", one) })
            {
                yield return await SendAsync(host, method, path, "{}", token: "");
            }

            foreach (var (method, path) in new[] { ("DELETE", one), ("DELETE", one), ("GET", one), ("POST", one + "/secret"), ("POST", one + "/revocation") })
            {
                yield return await SendAsync(host, method, path);
            }
        }

        yield return await SendAsync(host, "GET", TokenCollections[0], product: "other");
        yield return await SendAsync(host, "POST", TokenCollections[0], """{"name":"one","scopes":["publish"]}""", product: "other");
    }

    // A token; empty for none, null for the administrator's.
    private static async Task<Exchange> SendAsync(
        ApiHost host, string method, string path, string? body = null, string query = "", string product = "acme", string name = "one", string device = "d", string? token = null)
    {
        var address = path.Replace("{product}", product, StringComparison.Ordinal).Replace("{name}", name, StringComparison.Ordinal)
            .Replace("{device}", device, StringComparison.Ordinal).Replace("{thumbprint}", new string('A', 64), StringComparison.Ordinal);
        (string, string)[] headers = string.IsNullOrEmpty(token) ? [] : [("Authorization", $"Bearer {token}")];
        return new Exchange(method, path, await host.SendAsync(new HttpMethod(method), address + query, body is null ? null : ApiHost.Json(body), token is null, headers));
    }

    private static string Certificate(bool isAuthority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Works", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.ExportCertificatePem();
    }
}
