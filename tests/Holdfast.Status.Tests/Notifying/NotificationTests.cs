using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Holdfast.Status.Tests.Support;
using Holdfast.Testing;

namespace Holdfast.Status.Tests.Notifying;

/// <summary>Notices through a real mail server and to real webhooks.</summary>
public sealed partial class NotificationTests : IAsyncLifetime
{
    private const string Reader = "reader@example.com";
    private const string Operator = "operator@example.com";

    private MailServer _mail = null!;
    private WebhookReceiver _hooks = null!;
    private TestPage _page = null!;

    public async ValueTask InitializeAsync()
    {
        _mail = await MailServer.StartAsync();
        _hooks = await WebhookReceiver.StartAsync();
        _page = await StartAsync(new JsonArray());
    }

    public async ValueTask DisposeAsync()
    {
        await _page.DisposeAsync();
        await _mail.DisposeAsync();
        await _hooks.DisposeAsync();
    }

    [Fact]
    public async Task A_mailbox_is_told_only_after_its_owner_has_said_so_and_no_more_after_one_click()
    {
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Reader));
        Mail question = await _mail.NextAsync(Reader);
        await _page.FailAsync();
        string confirm = Link(question, "confirm");

        // A program that follows the link confirms nothing.
        Assert.Contains("Yes, tell me", await _page.GetAsync(confirm), StringComparison.Ordinal);
        Assert.Equal("False", (await SubscriberAsync())["confirmed"]!.ToString(), ignoreCase: true);
        Assert.Equal(HttpStatusCode.OK, await PostAsync(confirm, ""));
        await _page.RecoverAsync();
        Mail news = await _mail.NextAsync(Reader);
        Assert.Equal("[Holdfast] MQTT: published messages are not acknowledged (resolved)", news.Header("Subject"));
        Assert.Contains("Closed automatically", news.Text, StringComparison.Ordinal);
        Assert.Equal("List-Unsubscribe=One-Click", news.Header("List-Unsubscribe-Post"));
        string unsubscribe = Link(news, "unsubscribe");
        Assert.Contains(unsubscribe, news.Header("List-Unsubscribe"), StringComparison.Ordinal);
        Assert.Contains("No more mail", await _page.GetAsync(unsubscribe), StringComparison.Ordinal);
        Assert.NotNull(await SubscriberAsync());
        Assert.Equal(HttpStatusCode.OK, await PostAsync(unsubscribe, "List-Unsubscribe=One-Click"));
        Assert.Empty((await _page.DoAsync(HttpMethod.Get, "subscribers")).AsArray());

        // A link that was used is worth nothing.
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(confirm, ""));
    }

    [Theory]
    [InlineData("a@example.com\r\nBcc: victim@example.com")]
    [InlineData("a@example.com, victim@example.com")]
    [InlineData("\"a\\nb\"@example.com")]
    [InlineData("<script>@example.com")]
    [InlineData("nobody")]
    public async Task What_is_no_plain_mailbox_is_refused(string address)
    {
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await AskAsync(address));
        Assert.Empty((await _page.DoAsync(HttpMethod.Get, "subscribers")).AsArray());
    }

    [Fact]
    public async Task Nobody_is_flooded_through_this_page()
    {
        for (int count = 0; count < 5; count++)
        {
            Assert.Equal(HttpStatusCode.OK, await AskAsync(Reader));
        }

        await _mail.NextAsync(Reader);
        var answers = new List<HttpStatusCode>();
        for (int count = 0; count < 105; count++)
        {
            answers.Add(await AskAsync($"reader{count}@example.com"));
        }

        Assert.Equal(99, answers.Count(answer => answer == HttpStatusCode.OK));
        Assert.Equal(6, answers.Count(answer => answer == HttpStatusCode.TooManyRequests));

        // The mailbox that was asked five times got one mail.
        await _mail.NextAsync("reader98@example.com");
        Assert.Equal(1, await MailsToAsync(Reader));
    }

    [Fact]
    public async Task A_token_of_another_purpose_or_subscriber_does_nothing()
    {
        await AskAsync(Reader);
        string confirm = Link(await _mail.NextAsync(Reader), "confirm");
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(confirm.Replace("confirm/", "unsubscribe/", StringComparison.Ordinal), ""));
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(confirm[..^2] + "xx", ""));
        Assert.False((bool)(await SubscriberAsync())["confirmed"]!);
    }

    [Fact]
    public async Task Links_of_a_subscription_that_ended_do_nothing_to_the_next()
    {
        await AskAsync(Reader);
        string confirm = Link(await _mail.NextAsync(Reader), "confirm");
        await PostAsync(confirm, "");
        await _page.DoAsync(HttpMethod.Post, "announcements", new JsonObject { ["title"] = "News", ["text"] = "Some." });
        string unsubscribe = Link(await _mail.NextAsync(Reader), "unsubscribe");
        await PostAsync(unsubscribe, "");
        await AskAsync(Reader);
        string second = Link(await _mail.NextAsync(Reader), "confirm");
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(confirm, ""));
        Assert.False((bool)(await SubscriberAsync())["confirmed"]!);
        await PostAsync(second, "");
        await PostAsync(unsubscribe, "");
        Assert.True((bool)(await SubscriberAsync())["confirmed"]!);
    }

    [Theory]
    [InlineData("Broken\r\nBcc: victim@example.com")]
    [InlineData("Broken\nBcc: victim@example.com")]
    public async Task What_people_say_cannot_become_a_header_of_a_mail(string title)
    {
        await _page.ReportAsync("ok", 1);
        await AskAsync(Reader);
        await PostAsync(Link(await _mail.NextAsync(Reader), "confirm"), "");
        (HttpStatusCode status, _) = await _page.CallAsync(HttpMethod.Post, "incidents", new JsonObject { ["title"] = title, ["components"] = new JsonArray("MQTT"), ["text"] = "We look." });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);

        // In a text it may stand, and stays there.
        await _page.DoAsync(HttpMethod.Post, "incidents", new JsonObject { ["title"] = "Broken", ["components"] = new JsonArray("MQTT"), ["text"] = title });
        Mail mail = await _mail.NextAsync(Reader);
        Assert.Contains("Bcc: victim@example.com", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(mail.Headers, header => string.Equals(header.Name, "Bcc", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(0, _mail.Count("victim@example.com"));
    }

    [Fact]
    public async Task A_webhook_is_signed_tried_again_and_removed_when_it_is_gone()
    {
        JsonNode added = await _page.DoAsync(HttpMethod.Post, "subscribers", new JsonObject { ["channel"] = "webhook", ["address"] = _hooks.Url });
        string secret = (string)added["secret"]!;
        Assert.DoesNotContain(secret, (await _page.DoAsync(HttpMethod.Get, "subscribers")).ToJsonString(), StringComparison.Ordinal);
        await _page.FailAsync();
        Hook hook = await _hooks.NextAsync();
        Assert.Equal("status.incident", (string?)hook.Json["type"]);
        Assert.Equal("investigating", (string?)hook.Json["data"]!["status"]);
        Assert.Equal("oslo", (string?)hook.Json["data"]!["locations"]![0]);
        byte[] key = Convert.FromBase64String(secret["whsec_".Length..]);
        byte[] hash = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{hook.Headers["webhook-id"]}.{hook.Headers["webhook-timestamp"]}.{hook.Body}"));
        Assert.Equal($"v1,{Convert.ToBase64String(hash)}", hook.Headers["webhook-signature"]);

        _hooks.Answer(410);
        await _page.DoAsync(HttpMethod.Post, "announcements", new JsonObject { ["title"] = "News", ["text"] = "Some." });
        Assert.Equal("status.announcement", (string?)(await _hooks.NextAsync()).Json["type"]);
        await UntilAsync(async () => (await _page.DoAsync(HttpMethod.Get, "subscribers")).AsArray().Count == 0);
    }

    [Fact]
    public async Task Slack_gets_its_own_form_in_which_nothing_is_markup()
    {
        await _page.ReportAsync("ok", 1);
        await _page.DoAsync(HttpMethod.Post, "subscribers", new JsonObject { ["channel"] = "slack", ["address"] = _hooks.Url, ["components"] = new JsonArray("MQTT") });
        await _page.DoAsync(HttpMethod.Post, "incidents", new JsonObject { ["title"] = "<!channel> trouble", ["components"] = new JsonArray("MQTT"), ["text"] = "We look." });
        string text = (string)(await _hooks.NextAsync()).Json["text"]!;
        Assert.Contains("&lt;!channel&gt; trouble", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_notice_waits_until_the_mail_server_is_back()
    {
        await AskAsync(Reader);
        await PostAsync(Link(await _mail.NextAsync(Reader), "confirm"), "");
        int port = _mail.Port;
        await _mail.DisposeAsync();
        await _page.FailAsync();
        await _page.StopAsync();
        _mail = await MailServer.StartAsync(port);
        await _page.StartAsync();
        Assert.Contains("investigating", (await _mail.NextAsync(Reader)).Header("Subject"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operators_are_alerted_and_the_next_level_when_the_first_cannot_be_reached()
    {
        await _page.DisposeAsync();
        _page = await StartAsync(new JsonArray(
            new JsonObject { ["channel"] = "webhook", ["address"] = $"http://127.0.0.1:{FreePorts.Take()}/", ["level"] = 1 },
            new JsonObject { ["channel"] = "email", ["address"] = Operator, ["level"] = 2 }));
        await _page.FailAsync();
        Mail alert = await _mail.NextAsync(Operator);
        Assert.StartsWith("ALERT investigating: MQTT", alert.Header("Subject"), StringComparison.Ordinal);
        Assert.Contains("holdfast status incident acknowledge 1", alert.Text, StringComparison.Ordinal);
    }

    private async Task<TestPage> StartAsync(JsonArray alerts) => await TestPage.StartAsync(
        TimeProvider.System,
        new JsonObject { ["address"] = "https://status.example.com" },
        new JsonObject
        {
            ["smtp"] = new JsonObject { ["host"] = "127.0.0.1", ["port"] = _mail.Port, ["security"] = "none", ["from"] = "status@example.com" },
            ["alerts"] = alerts,
        });

    private Task<HttpStatusCode> AskAsync(string address) => PostAsync("subscribe", $"address={Uri.EscapeDataString(address)}");

    private async Task<HttpStatusCode> PostAsync(string path, string form)
    {
        using var content = new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded");
        using HttpResponseMessage response = await _page.Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private async Task<JsonNode> SubscriberAsync() => Assert.Single((await _page.DoAsync(HttpMethod.Get, "subscribers")).AsArray())!;

    // Another mailbox is asked last: what was sent before it has arrived when it has.
    private async Task<int> MailsToAsync(string address)
    {
        JsonNode failures = await _page.DoAsync(HttpMethod.Get, "deliveries");
        Assert.Empty(failures["givenUp"]!.AsArray());
        return _mail.Count(address);
    }

    private static string Link(Mail mail, string kind) => LinkPattern().Matches(mail.Text).Select(match => match.Groups[1].Value).First(path => path.StartsWith(kind, StringComparison.Ordinal));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (int count = 0; count < 600; count++)
        {
            if (await holds())
            {
                return;
            }

            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        Assert.Fail("It does not come to be so.");
    }

    [GeneratedRegex(@"https://status\.example\.com/(\S+)")]
    private static partial Regex LinkPattern();
}
