using System.Text.Json;
using Holdfast.Integrations.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class FormTests
{
    private const string Topic = "devices/pump-1/events/pressure/low";

    [Fact]
    public async Task A_cloud_event_has_the_attributes_of_the_specification_and_its_data()
    {
        var received = await DeliverAsync("\"body\":\"cloudevents\"", """{"bar":2.5}""", "application/json");

        Assert.Equal("application/cloudevents+json", received.Headers["Content-Type"]);
        var body = JsonElement.Parse(received.Bytes);
        Assert.Equal("1.0", body.GetProperty("specversion").GetString());
        Assert.Equal(received.Headers["webhook-id"], body.GetProperty("id").GetString());
        Assert.Equal("/products/p/devices/pump-1", body.GetProperty("source").GetString());
        Assert.Equal("holdfast.event.pressure/low", body.GetProperty("type").GetString());
        Assert.Equal(Topic, body.GetProperty("subject").GetString());
        Assert.Equal("2026-03-01T08:00:00.000Z", body.GetProperty("time").GetString());
        Assert.Equal(2.5, body.GetProperty("data").GetProperty("bar").GetDouble());
        Assert.All(body.EnumerateObject(), attribute => Assert.Matches("^([a-z0-9]+|data_base64)$", attribute.Name));
    }

    [Theory]
    [InlineData("plain", "", "text/plain", "data", "plain")]
    [InlineData("plain", "text/csv", "text/csv", "data", "plain")]
    [InlineData("{broken", "application/json", "application/json", "data_base64", "e2Jyb2tlbg==")]
    public async Task The_data_of_a_cloud_event_is_text_where_its_type_allows_it(string payload, string contentType, string shownType, string field, string data)
    {
        var body = JsonElement.Parse((await DeliverAsync("\"body\":\"cloudevents\"", payload, contentType)).Bytes);

        Assert.Equal(shownType, body.GetProperty("datacontenttype").GetString());
        Assert.Equal(data, body.GetProperty(field).GetString());
    }

    [Fact]
    public async Task A_form_has_the_fields_of_the_event()
    {
        var received = await DeliverAsync("\"body\":\"form\"", "2,5 bar & more=ü");

        Assert.Equal("application/x-www-form-urlencoded", received.Headers["Content-Type"]);
        var form = QueryHelpers.ParseQuery(received.Body);
        Assert.Equal(
            (received.Headers["webhook-id"], "p", "pump-1", Topic, "pressure/low", "2,5 bar & more=ü", "string"),
            (form["id"].ToString(), form["product"].ToString(), form["device"].ToString(), form["topic"].ToString(), form["name"].ToString(), form["payload"].ToString(), form["payloadEncoding"].ToString()));
        Assert.False(form.ContainsKey("stream"));
    }

    [Theory]
    [InlineData("\"body\":\"raw\"", "", "application/octet-stream")]
    [InlineData("\"body\":\"raw\"", "text/csv", "text/csv")]
    [InlineData("\"body\":\"raw\"", "not a\u0001type", "application/octet-stream")]
    [InlineData("\"body\":\"raw\",\"contentType\":\"application/x-own\"", "text/csv", "application/x-own")]
    public async Task A_raw_body_is_the_payload_with_the_best_media_type(string settings, string published, string sent)
    {
        var received = await DeliverAsync(settings, "a;b\n", published);

        Assert.Equal(("a;b\n", sent), (received.Body, received.Headers["Content-Type"]));
    }

    [Fact]
    public async Task A_template_sees_the_event_and_the_fields_of_its_json_payload_and_escapes_for_json()
    {
        var template = """{"text":"{{device}}: {{payload.text}} at {{payload.at.1}}","all":{{{payload}}},"on":{{payload.on}},"list":[{{#payload.list}}"{{.}}",{{/payload.list}}0]{{^payload.missing}},"none":true{{/payload.missing}}{{#payload.off}},"never":1{{/payload.off}}}""";
        var received = await DeliverAsync(
            $"\"body\":\"template\",\"template\":{JsonSerializer.Serialize(template)}", """{"text":"a \"quote\"","on":true,"off":false,"list":["x","y"]}""", "application/json");

        var body = JsonElement.Parse(received.Bytes);
        Assert.Equal("pump-1: a \"quote\" at ", body.GetProperty("text").GetString());
        Assert.True(body.GetProperty("all").GetProperty("on").GetBoolean());
        Assert.True(body.GetProperty("on").GetBoolean());
        Assert.Equal(3, body.GetProperty("list").GetArrayLength());
        Assert.True(body.GetProperty("none").GetBoolean());
        Assert.False(body.TryGetProperty("never", out _));
        Assert.Equal("application/json", received.Headers["Content-Type"]);
    }

    [Theory]
    [InlineData("text/html", "<b>&amp; &lt;</b>")]
    [InlineData("text/plain", "<b>& <</b>")]
    [InlineData("application/x-www-form-urlencoded", "<b>%26%20%3C</b>")]
    public async Task A_template_escapes_as_its_media_type_needs_it(string contentType, string expected)
        => Assert.Equal(expected, (await DeliverAsync($"\"body\":\"template\",\"template\":\"<b>{{{{payload}}}}</b>\",\"contentType\":\"{contentType}\"", "& <")).Body);

    [Fact]
    public async Task A_payload_that_makes_a_template_run_away_becomes_a_dead_letter()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: "\"body\":\"template\",\"template\":\"{{#payload}}{{#payload}}{{#payload}}x{{/payload}}{{/payload}}{{/payload}}\"");

        await scene.PublishAsync(Topic, $"[{string.Join(',', Enumerable.Repeat("1", 500))}]", contentType: "application/json");
        var status = await scene.UntilAsync(status => status.DeadLettered == 1);

        Assert.Contains("more than 10000 items", status.LastError, StringComparison.Ordinal);
        Assert.False(receiver.Requests.TryRead(out _));
    }

    [Fact]
    public async Task Method_headers_query_and_auth_are_as_configured()
    {
        var received = await DeliverAsync(
            """
            "method":"PUT","headers":{"X-One":"1"},"query":{"a b":"c&d"},"auth":{"type":"basic","name":"me","value":"secret"}
            """, "x");

        Assert.Equal(("PUT", "/hook?a%20b=c%26d", "1", "Basic bWU6c2VjcmV0"), (received.Method, received.Url, received.Headers["X-One"], received.Headers["Authorization"]));
    }

    [Theory]
    [InlineData("bearer", "", "Authorization", "Bearer s3")]
    [InlineData("header", "X-Key", "X-Key", "s3")]
    public async Task Other_ways_of_authentication_are_headers(string type, string name, string header, string value)
        => Assert.Equal(value, (await DeliverAsync($$"""
            "auth":{"type":"{{type}}","name":"{{name}}","value":"s3"}
            """, "x")).Headers[header]);

    [Fact]
    public async Task A_key_in_the_query_is_sent_and_not_shown()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var status = await scene.AddAsync(receiver.Url + "?x=1", settings: """
            "auth":{"type":"query","name":"key","value":"s3"}
            """);
        await scene.PublishAsync(Topic, "x");

        Assert.Equal("/hook?x=1&key=s3", (await receiver.NextAsync()).Url);
        Assert.DoesNotContain("s3", status.Definition.Settings.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_prefix_selects_events_by_their_names()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: "\"eventPrefix\":\"pressure/\"");
        await scene.PublishAsync([(Topic, "yes"), ("devices/pump-1/events/temperature", "no"), ("pressure/outside", "its name is its topic")]);
        await scene.UntilAsync(status => status.Delivered == 2);

        Assert.Equal(["its name is its topic", "yes"], (await receiver.NextAsync(2)).Select(received => received.Text).Order());
    }

    private static async Task<Received> DeliverAsync(string settings, string payload, string contentType = "")
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: settings);
        await scene.PublishAsync(Topic, payload, contentType: contentType);
        return await receiver.NextAsync();
    }
}
