using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Identities;

namespace Holdfast.Api.Tests;

/// <summary>What a token opens, and what stays shut.</summary>
public sealed class IsolationTests
{
    private const string Event = """{"topic":"devices/d/events/x","payload":"1"}""";

    [Theory]
    [InlineData(Scopes.Publish, 202, 403, 403, 403)]
    [InlineData(Scopes.Subscribe, 403, 404, 403, 403)]
    [InlineData(Scopes.Read, 403, 404, 200, 403)]
    [InlineData(Scopes.Manage, 403, 403, 200, 201)]
    public async Task A_token_does_what_its_scopes_say(Scopes scopes, int publish, int events, int list, int add)
    {
        await using var host = await ApiHost.StartAsync();
        var token = await TokenAsync(host, scopes);

        Assert.Equal(publish, await StatusAsync(host, token, HttpMethod.Post, "/api/v1/products/acme/events", Event));
        Assert.Equal(list, await StatusAsync(host, token, HttpMethod.Get, "/api/v1/products/acme/devices"));
        Assert.Equal(add, await StatusAsync(host, token, HttpMethod.Post, "/api/v1/products/acme/devices", """{"id":"d"}"""));
        Assert.Equal(events == 403, await StatusAsync(host, token, HttpMethod.Get, "/api/v1/products/acme/events?limit=0") == 403);
    }

    [Fact]
    public async Task What_is_another_products_is_not_found_whether_it_is_there_or_not()
    {
        await using var host = await ApiHost.StartAsync();
        var token = await TokenAsync(host, Scopes.Publish | Scopes.Subscribe | Scopes.Read | Scopes.Manage);
        await host.Administration.AddProductAsync("there");
        await host.Administration.AddDeviceAsync("there", "d", null, [], withKey: true);
        string[] paths = ["", "/events", "/devices", "/devices/d", "/tokens", "/tokens/acme", "/integrations", "/integrations/hook"];
        foreach (var path in paths)
        {
            var there = await SendAsync(host, token, HttpMethod.Get, "/api/v1/products/there" + path);
            var nowhere = await SendAsync(host, token, HttpMethod.Get, "/api/v1/products/nowhere" + path);
            there.AssertProblem(404);
            nowhere.AssertProblem(404);
            Assert.Equal(nowhere.Body.Replace("nowhere", "there", StringComparison.Ordinal), there.Body);
        }

        Assert.Equal(404, await StatusAsync(host, token, HttpMethod.Post, "/api/v1/products/there/events", Event));
        Assert.Equal(404, await StatusAsync(host, token, HttpMethod.Delete, "/api/v1/products/there/devices/d"));
        Assert.Equal(404, await StatusAsync(host, token, HttpMethod.Post, "/api/v1/products/there/tokens", """{"name":"x","scopes":["read"]}"""));
        Assert.Equal(["acme"], (await SendAsync(host, token, HttpMethod.Get, "/api/v1/products")).Json.GetProperty("products").EnumerateArray().Select(one => one.GetProperty("name").GetString()));
        foreach (var path in (string[])["/metrics", "/api/v1/tokens", "/api/v1/cluster"])
        {
            Assert.Equal(403, await StatusAsync(host, token, HttpMethod.Get, path));
        }

        Assert.Empty(host.Node.Published);
    }

    [Theory]
    [InlineData("works", "CN=Works")]
    [InlineData("other", "CN=Works")]
    [InlineData("works", "CN=Other")]
    public async Task The_authority_of_another_products_devices_is_refused_under_any_name(string name, string subject)
    {
        await using var host = await ApiHost.StartAsync();
        var token = await TokenAsync(host, Scopes.Manage);
        await host.Administration.AddProductAsync("there");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var theirs = await host.SendAsync(HttpMethod.Post, "/api/v1/products/there/authorities", ApiHost.Json(Authority("works", "CN=Works", key)), true);
        Assert.Equal(200, theirs.Status);

        // Its key is public: anybody can make a certificate that says it is the same authority.
        Assert.Equal(422, await StatusAsync(host, token, HttpMethod.Post, "/api/v1/products/acme/authorities", Authority(name, subject, key)));
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal(200, await StatusAsync(host, token, HttpMethod.Post, "/api/v1/products/acme/authorities", Authority("works", "CN=Works", own)));
        Assert.Equal(200, await StatusAsync(host, token, HttpMethod.Post, "/api/v1/products/acme/authorities", Authority("works", "CN=Works", own)));
    }

    [Fact]
    public async Task A_device_publishes_on_its_own_topics_by_HTTP_and_does_nothing_else()
    {
        await using var host = await ApiHost.StartAsync();
        await host.Administration.AddProductAsync("acme");
        var (_, key) = await host.Administration.AddDeviceAsync("acme", "00:1A", null, [], withKey: true);
        var own = Basic("acme/00:1A", key!);

        Assert.Equal(202, await StatusAsync(host, own, HttpMethod.Post, "/api/v1/products/acme/events", """{"device":"00:1A","name":"x","payload":"1"}"""));
        Assert.Equal("$device/00:1A", Assert.Single(host.Node.Published).Publisher);
        Assert.Equal(403, await StatusAsync(host, own, HttpMethod.Post, "/api/v1/products/acme/events", """{"device":"other","name":"x","payload":"1"}"""));
        Assert.Equal(403, await StatusAsync(host, own, HttpMethod.Post, "/api/v1/products/acme/events", """[{"device":"00:1A","name":"x","payload":"1"},{"topic":"broadcast/x","payload":"1"}]"""));
        Assert.Equal(404, await StatusAsync(host, own, HttpMethod.Post, "/api/v1/products/default/events", Event));
        Assert.Equal(403, await StatusAsync(host, own, HttpMethod.Get, "/api/v1/products/acme/events"));
        Assert.Equal(403, await StatusAsync(host, own, HttpMethod.Get, "/api/v1/products"));
        Assert.Equal(401, await StatusAsync(host, Basic("acme/00:1A", "wrong"), HttpMethod.Post, "/api/v1/products/acme/events", Event));
        Assert.Single(host.Node.Published);
    }

    [Fact]
    public async Task Who_may_not_publish_calls_no_device_and_no_device_calls_another()
    {
        const string Call = "/api/v1/products/acme/devices/d/commands/open";
        await using var host = await ApiHost.StartAsync();
        var token = await TokenAsync(host, Scopes.Subscribe | Scopes.Read | Scopes.Manage);
        var (_, key) = await host.Administration.AddDeviceAsync("acme", "e", null, [], withKey: true);

        Assert.Equal(403, await StatusAsync(host, token, HttpMethod.Post, Call, "{}"));
        Assert.Equal(403, await StatusAsync(host, Basic("acme/e", key!), HttpMethod.Post, Call, "{}"));
        Assert.Equal(404, await StatusAsync(host, token, HttpMethod.Post, Call.Replace("acme", "other", StringComparison.Ordinal), "{}"));
    }

    [Fact]
    public async Task A_token_that_was_revoked_is_worth_nothing()
    {
        await using var host = await ApiHost.StartAsync();
        var token = await TokenAsync(host, Scopes.Read);
        Assert.Equal(200, await StatusAsync(host, token, HttpMethod.Get, "/api/v1/products/acme"));

        await host.Administration.RevokeTokenAsync("acme", "acme");

        Assert.Equal(401, await StatusAsync(host, token, HttpMethod.Get, "/api/v1/products/acme"));
    }

    [Fact]
    public async Task A_wrong_token_is_answered_ten_times_and_then_told_to_wait_while_another_goes_on()
    {
        await using var host = await ApiHost.StartAsync();
        var good = await TokenAsync(host, Scopes.Read);
        for (var count = 0; count < AttemptLimit.WrongAttemptsPerName; count++)
        {
            Assert.Equal(401, await StatusAsync(host, "Bearer hft_wrong", HttpMethod.Get, "/api/v1/products"));
        }

        var answer = await SendAsync(host, "Bearer hft_wrong", HttpMethod.Get, "/api/v1/products");
        answer.AssertProblem(429);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal(200, await StatusAsync(host, good, HttpMethod.Get, "/api/v1/products"));
    }

    private static async Task<string> TokenAsync(ApiHost host, Scopes scopes)
    {
        await host.Administration.AddProductAsync("acme");
        return "Bearer " + await host.Administration.AddTokenAsync("acme", "acme", scopes);
    }

    private static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static async Task<int> StatusAsync(ApiHost host, string authorization, HttpMethod method, string path, string? body = null)
        => (await SendAsync(host, authorization, method, path, body)).Status;

    private static Task<Answer> SendAsync(ApiHost host, string authorization, HttpMethod method, string path, string? body = null)
        => host.SendAsync(method, path, body is null ? null : ApiHost.Json(body), withToken: false, ("Authorization", authorization));

    private static string Authority(string name, string subject, ECDsa key)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return new JsonObject { ["name"] = name, ["certificate"] = certificate.ExportCertificatePem() }.ToJsonString();
    }
}
