using Holdfast.Api.Security;
using Holdfast.Api.Tests.Support;

namespace Holdfast.Api.Tests;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class AccessTests
{
    private const string Event = """{"topic":"t","payload":""}""";

    [Fact]
    public async Task A_local_program_may_publish_for_the_product_default_without_a_token_and_for_no_other()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(202, (await host.PublishAsync(Event, withToken: false)).Status);
        var other = await host.SendAsync(HttpMethod.Post, "/api/v1/products/acme/events", ApiHost.Json(Event), withToken: false);
        AssertUnauthorized(other);
    }

    [Theory]
    [InlineData("Origin", "http://127.0.0.1")]
    [InlineData("X-Forwarded-For", "203.0.113.5")]
    [InlineData("Forwarded", "for=203.0.113.5")]
    [InlineData("Host", "evil.example")]
    public async Task A_browser_or_a_proxy_on_this_machine_is_no_local_program(string header, string value)
    {
        await using var host = await ApiHost.StartAsync();

        AssertUnauthorized(await host.PublishAsync(Event, false, (header, value)));
        AssertUnauthorized(await host.SendAsync(HttpMethod.Get, "/metrics", null, false, (header, value)));
    }

    [Fact]
    public async Task Without_anonymous_access_a_token_is_required()
    {
        await using var host = await ApiHost.StartAsync(options => options with { AllowAnonymousLoopback = false });

        AssertUnauthorized(await host.PublishAsync(Event, withToken: false));
        Assert.Equal(202, (await host.PublishAsync(Event)).Status);
    }

    [Fact]
    public async Task With_anonymous_access_for_all_even_a_proxy_may_publish_but_not_manage()
    {
        await using var host = await ApiHost.StartAsync(options => options with { AllowAnonymous = true });

        Assert.Equal(202, (await host.PublishAsync(Event, false, ("X-Forwarded-For", "203.0.113.5"))).Status);
        AssertUnauthorized(await host.SendAsync(HttpMethod.Get, "/api/v1/products/default/integrations", withToken: false));
    }

    [Theory]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer ")]
    [InlineData("Basic abc")]
    [InlineData("Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_wrong_token_is_refused_even_where_none_is_needed(string authorization)
    {
        await using var host = await ApiHost.StartAsync();

        AssertUnauthorized(await host.PublishAsync(Event, false, ("Authorization", authorization)));
        Assert.Empty(host.Node.Published);
    }

    [Theory]
    [InlineData("GET", "/api/v1/products/default/integrations")]
    [InlineData("POST", "/api/v1/products/default/integrations")]
    [InlineData("GET", "/api/v1/products/default/integrations/hook")]
    [InlineData("DELETE", "/api/v1/products/default/integrations/hook")]
    public async Task Integrations_always_need_the_token(string method, string path)
    {
        await using var host = await ApiHost.StartAsync();

        AssertUnauthorized(await host.SendAsync(new HttpMethod(method), path, withToken: false));
    }

    [Fact]
    public void The_token_is_made_once_in_a_file_that_only_its_owner_can_read()
    {
        var directory = Directory.CreateTempSubdirectory("holdfast-token-");
        try
        {
            var made = AdminToken.LoadOrCreate(directory.FullName);
            var text = File.ReadAllText(made.Path).TrimEnd('\n');
            var loaded = AdminToken.LoadOrCreate(directory.FullName);

            Assert.Equal((true, false), (made.IsNew, loaded.IsNew));
            Assert.Equal(43, text.Length);
            Assert.Equal([AdminToken.FileName], directory.GetFiles().Select(file => file.Name));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(made.Path));
            Assert.True(made.Matches(text) && loaded.Matches(text));
            Assert.False(loaded.Matches(text[..^1] + (text[^1] == 'A' ? 'B' : 'A')));
            Assert.False(loaded.Matches(""));
            Assert.False(loaded.Matches(new string('ä', 43)));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_token_of_the_start_counts_whatever_becomes_of_its_file()
    {
        var directory = Directory.CreateTempSubdirectory("holdfast-token-");
        try
        {
            var path = AdminToken.LoadOrCreate(directory.FullName).Path;
            var text = File.ReadAllText(path).TrimEnd('\n');
            var replaced = AdminToken.LoadOrCreate(directory.FullName);
            var spoiled = AdminToken.LoadOrCreate(directory.FullName);
            File.Move(path, path + ".old");
            AdminToken.LoadOrCreate(directory.FullName);

            Assert.True(replaced.Matches(text));
            File.WriteAllText(path + ".old", "short");
            Assert.True(replaced.Matches(text));
            Assert.False(spoiled.Matches(text));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_token_file_that_others_can_read_or_that_holds_no_token_is_refused()
    {
        var directory = Directory.CreateTempSubdirectory("holdfast-token-");
        try
        {
            var path = AdminToken.LoadOrCreate(directory.FullName).Path;
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            Assert.Contains("others can read it", Assert.Throws<InvalidDataException>(() => AdminToken.LoadOrCreate(directory.FullName)).Message, StringComparison.Ordinal);

            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.WriteAllText(path, "short");
            Assert.Contains("does not hold a token", Assert.Throws<InvalidDataException>(() => AdminToken.LoadOrCreate(directory.FullName)).Message, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static void AssertUnauthorized(Answer answer)
    {
        answer.AssertProblem(401);
        Assert.Equal("Bearer", Assert.Single(answer.Headers.WwwAuthenticate).Scheme);
    }
}
