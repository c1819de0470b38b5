using System.Net;
using System.Text.Json.Nodes;
using Holdfast.Status.Tests.Support;

namespace Holdfast.Status.Tests.Notifying;

/// <summary>Text messages through a gateway that speaks HTTP: a real receiver stands for it.</summary>
public sealed class TextMessageTests : IAsyncLifetime
{
    private const string Number = "+4712345678";

    private WebhookReceiver _gateway = null!;
    private TestPage _page = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await WebhookReceiver.StartAsync();
        _page = await TestPage.StartAsync(
            TimeProvider.System,
            new JsonObject { ["address"] = "https://status.example.com", ["name"] = "Example \"Cloud\"" },
            new JsonObject
            {
                ["sms"] = new JsonObject { ["url"] = _gateway.Url, ["token"] = "gateway-token", ["body"] = """{"recipient":"{to}","message":{"body":"{text}"}}""" },
                ["alerts"] = new JsonArray(new JsonObject { ["channel"] = "sms", ["address"] = Number }),
            });
    }

    public async ValueTask DisposeAsync()
    {
        await _page.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task The_gateway_gets_its_own_form_with_its_token_and_is_tried_again()
    {
        _gateway.Answer(503);
        await _page.FailAsync();
        await _gateway.NextAsync();
        Hook message = await _gateway.NextAsync();
        Assert.Equal("Bearer gateway-token", message.Headers["authorization"]);
        Assert.Equal(Number, (string?)message.Json["recipient"]);
        string text = (string)message.Json["message"]!["body"]!;
        Assert.StartsWith("Example \"Cloud\": MQTT: published messages are not acknowledged (investigating)", text, StringComparison.Ordinal);
        Assert.Contains("https://status.example.com/", text, StringComparison.Ordinal);
        Assert.InRange(text.Length, 1, 300);
    }

    [Theory]
    [InlineData("12345678")]
    [InlineData("+47\",\"to\":\"+471")]
    [InlineData("+47123\n4567")]
    public async Task What_is_no_number_is_refused(string number)
    {
        (HttpStatusCode status, _) = await _page.CallAsync(HttpMethod.Post, "subscribers", new JsonObject { ["channel"] = "sms", ["address"] = number });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
    }
}
