using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Holdfast.Status.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Operating;

/// <summary>The operator's pages, and attacks on them.</summary>
public sealed partial class OperatorTests : IAsyncLifetime
{
    private const string Password = "correct horse battery";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private TestPage _page = null!;

    public async ValueTask InitializeAsync()
    {
        _page = await TestPage.StartAsync(_clock);
        using (var registry = new OperatorRegistry(_page.Directory))
        {
            registry.Set("ada", Password);
        }

        await _page.FailAsync();
    }

    public ValueTask DisposeAsync() => _page.DisposeAsync();

    [Fact]
    public async Task Nothing_is_shown_or_done_without_a_login()
    {
        foreach (string path in new[] { "operator", "operator/incidents/1", "operator/subscribers", "operator/audit" })
        {
            using HttpResponseMessage shown = await GetAsync(path, "");
            Assert.Equal(HttpStatusCode.Redirect, shown.StatusCode);
            using HttpResponseMessage done = await PostAsync(path, "text=x", "");
            Assert.Equal(HttpStatusCode.Redirect, done.StatusCode);
        }
    }

    [Fact]
    public async Task An_operator_confirms_updates_and_is_in_the_audit_log()
    {
        string cookie = await EnterAsync();
        string token = await FormTokenAsync(cookie);
        await DoneAsync("operator/incidents/1/confirm", $"token={token}", cookie);
        await DoneAsync("operator/incidents/1/update", $"token={token}&status=identified&text=A+cable", cookie);
        await DoneAsync("operator/announcements", $"token={token}&title=News&text=Some+*news*", cookie);
        string page = await _page.GetAsync("");
        Assert.Contains("detected automatically, confirmed", page, StringComparison.Ordinal);
        Assert.Contains("A cable", page, StringComparison.Ordinal);
        Assert.Contains("<em>news</em>", page, StringComparison.Ordinal);
        JsonNode entry = (await _page.DoAsync(HttpMethod.Get, "audit"))[1]!;
        Assert.Equal(("ada", "update incident"), ((string?)entry["who"], (string?)entry["action"]));
    }

    [Fact]
    public async Task A_form_of_another_site_or_login_is_refused()
    {
        string cookie = await EnterAsync();
        string token = await FormTokenAsync(cookie);
        string other = await FormTokenAsync(await EnterAsync());
        foreach ((string form, string header, string value) in new[]
        {
            ("", "Accept", "*/*"),
            ($"token={other}", "Accept", "*/*"),
            ($"token={token}", "Origin", "https://evil.example"),
            ($"token={token}", "Origin", "null"),
            ($"token={token}", "Sec-Fetch-Site", "cross-site"),
            ($"token={token}", "Sec-Fetch-Site", "same-site"),
        })
        {
            using HttpResponseMessage response = await PostAsync("operator/incidents/1/confirm", form, cookie, header, value);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }

        Assert.False((bool)(await _page.DoAsync(HttpMethod.Get, "incidents/1"))["confirmed"]!);
    }

    [Fact]
    public async Task A_login_ends_with_its_button_and_with_time_and_its_cookie_is_for_this_page_only()
    {
        using HttpResponseMessage entered = await LoginAsync("ada", Password);
        string cookie = entered.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/operator", cookie, StringComparison.OrdinalIgnoreCase);
        string first = cookie.Split(';')[0];
        await DoneAsync("operator/logout", $"token={await FormTokenAsync(first)}", first, HttpStatusCode.Redirect);
        using HttpResponseMessage gone = await GetAsync("operator", first);
        Assert.Equal(HttpStatusCode.Redirect, gone.StatusCode);

        string second = await EnterAsync();
        _clock.Advance(TimeSpan.FromMinutes(31));
        using HttpResponseMessage late = await GetAsync("operator", second);
        Assert.Equal(HttpStatusCode.Redirect, late.StatusCode);
    }

    [Fact]
    public async Task Passwords_cannot_be_tried_without_end()
    {
        var answers = new List<HttpStatusCode>();
        for (int count = 0; count < 11; count++)
        {
            using HttpResponseMessage response = await LoginAsync("ada", $"wrong password {count}");
            answers.Add(response.StatusCode);
        }

        Assert.All(answers[..10], answer => Assert.Equal(HttpStatusCode.Unauthorized, answer));
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[10]);
        using HttpResponseMessage right = await LoginAsync("ada", Password);
        Assert.Equal(HttpStatusCode.TooManyRequests, right.StatusCode);
        _clock.Advance(TimeSpan.FromMinutes(6));
        using HttpResponseMessage later = await LoginAsync("ada", Password);
        Assert.Equal(HttpStatusCode.SeeOther, later.StatusCode);
    }

    [Fact]
    public async Task A_password_is_not_in_the_data()
    {
        await EnterAsync();
        await _page.StopAsync();
        byte[] data = await File.ReadAllBytesAsync(Path.Combine(_page.Directory, "status.db"), TestContext.Current.CancellationToken);
        Assert.True(data.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Password)) < 0);
        await _page.StartAsync();
    }

    [Fact]
    public async Task Script_that_a_watcher_reports_is_text_for_operators_too()
    {
        await _page.ReportAsync("failed", 2, "\"><script>alert(1)</script>", "</textarea><script>alert(2)</script>");
        string cookie = await EnterAsync();
        foreach (string path in new[] { "operator", "operator/incidents/1", "operator/subscribers", "operator/audit" })
        {
            using HttpResponseMessage response = await GetAsync(path, cookie);
            string page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(Regex.Count(page, "<textarea"), Regex.Count(page, "</textarea"));
            Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        }
    }

    private async Task<string> EnterAsync()
    {
        using HttpResponseMessage response = await LoginAsync("ada", Password);
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        return response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private Task<HttpResponseMessage> LoginAsync(string name, string password) => PostAsync("operator/login", $"name={name}&password={Uri.EscapeDataString(password)}", "");

    private async Task<string> FormTokenAsync(string cookie)
    {
        using HttpResponseMessage response = await GetAsync("operator", cookie);
        return FormToken().Match(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Groups[1].Value;
    }

    private async Task DoneAsync(string path, string form, string cookie, HttpStatusCode expected = HttpStatusCode.SeeOther)
    {
        using HttpResponseMessage response = await PostAsync(path, form, cookie);
        Assert.True(response.StatusCode == expected, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Cookie", cookie.Length == 0 ? "none=1" : cookie);
        return await _page.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string form, string cookie, string header = "Accept", string value = "*/*")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded") };
        request.Headers.Add("Cookie", cookie.Length == 0 ? "none=1" : cookie);
        request.Headers.TryAddWithoutValidation(header, value);
        return await _page.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("name=\"token\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();
}
