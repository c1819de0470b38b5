using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Publishing;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Api.Tests;

public sealed class PublishTests
{
    [Fact]
    public async Task A_complete_json_event_is_published_as_given_and_answered_with_its_id()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.PublishAsync("""
            {
              "device": "pump-1", "name": "pressure/low", "payload": "2.5 bar", "payloadEncoding": "string", "contentType": "text/plain", "retain": true,
              "qos": 2, "expirySeconds": 60, "stream": "s1", "sequence": 18446744073709551615, "properties": [{ "name": "a", "value": "1" }]
            }
            """);

        Assert.Equal((202, """{"id":"run1-3-42","duplicate":false}"""), (answer.Status, answer.Body));
        var published = Assert.Single(host.Node.Published);
        Assert.Equal("devices/pump-1/events/pressure/low", published.Topic);
        Assert.Equal("2.5 bar", Encoding.UTF8.GetString(published.Payload.Span));
        Assert.Equal(
            ("default", "text/plain", true, QualityOfService.ExactlyOnce, 60u, "s1", ulong.MaxValue, "http"),
            (published.Product, published.ContentType, published.Retain, published.QualityOfService, published.ExpirySeconds, published.Stream,
                published.Sequence, published.Publisher));
        Assert.Equal([new UserProperty("a", "1")], published.UserProperties);
    }

    [Theory]
    [InlineData("""{"topic":"t","payload":"äé"}""", "äé", null)]
    [InlineData("""{"topic":"t","payload":{"a": 1.50}}""", """{"a": 1.50}""", "application/json")]
    [InlineData("""{"topic":"t","payload":"quoted","payloadEncoding":"json"}""", "\"quoted\"", "application/json")]
    [InlineData("""{"topic":"t","payload":null,"payloadEncoding":"json","contentType":"application/x+json"}""", "null", "application/x+json")]
    [InlineData("""{"topic":"t","payload":"w6TDqQ==","payloadEncoding":"base64"}""", "äé", null)]
    [InlineData("""{"topic":"t","payload":""}""", "", null)]
    public async Task The_payload_is_what_its_encoding_says(string json, string payload, string? contentType)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(202, (await host.PublishAsync(json)).Status);

        var published = Assert.Single(host.Node.Published);
        Assert.Equal(payload, Encoding.UTF8.GetString(published.Payload.Span));
        Assert.Equal(contentType, published.ContentType);
        Assert.Equal(QualityOfService.AtLeastOnce, published.QualityOfService);
        Assert.Null(published.Stream);
    }

    [Fact]
    public async Task A_bare_payload_is_published_with_its_content_type_and_the_sequence_of_its_headers()
    {
        await using var host = await ApiHost.StartAsync();
        var content = new ByteArrayContent([1, 2, 255]) { Headers = { ContentType = new MediaTypeHeaderValue("application/cbor") } };

        var answer = await host.SendAsync(
            HttpMethod.Post, "/api/v1/products/acme/events?device=d%201&name=x/y&retain=true&qos=0&expirySeconds=9", content, true,
            ("Holdfast-Stream", "boot-7"), ("Holdfast-Sequence", "3"));

        Assert.Equal(202, answer.Status);
        var published = Assert.Single(host.Node.Published);
        Assert.Equal([1, 2, 255], published.Payload.ToArray());
        Assert.Equal(
            ("acme", "devices/d 1/events/x/y", "application/cbor", true, QualityOfService.AtMostOnce, 9u, "boot-7", 3ul),
            (published.Product, published.Topic, published.ContentType, published.Retain, published.QualityOfService, published.ExpirySeconds,
                published.Stream, published.Sequence));
    }

    [Fact]
    public async Task A_duplicate_is_accepted_and_said_to_be_one()
    {
        await using var host = await ApiHost.StartAsync();
        host.Node.Result = new PublishResult(PublishStatus.Duplicate, null, "");

        var answer = await host.PublishAsync("""{"topic":"devices/d/x","payload":"","stream":"s","sequence":1}""");

        Assert.Equal((202, """{"id":null,"duplicate":true}"""), (answer.Status, answer.Body));
    }

    [Theory]
    [InlineData(PublishStatus.NotCommitting, 503, true, null)]
    [InlineData(PublishStatus.Full, 507, true, null)]
    [InlineData(PublishStatus.TooLarge, 413, false, null)]
    [InlineData(PublishStatus.TopicInvalid, 422, false, "topic")]
    public async Task A_refusal_of_the_node_is_a_problem_with_the_nodes_words(PublishStatus status, int statusCode, bool saysWhenToRetry, string? where)
    {
        await using var host = await ApiHost.StartAsync();
        host.Node.Result = new PublishResult(status, null, "the node's words");

        var answer = await host.PublishAsync("""{"topic":"t","payload":""}""");

        Assert.Equal(where, answer.AssertProblem(statusCode));
        Assert.Equal("the node's words", answer.Json.GetProperty("detail").GetString());
        Assert.Equal(saysWhenToRetry, answer.Headers.RetryAfter is not null);
    }

    [Theory]
    [InlineData("""{"topic":"t"}""", "payload")]
    [InlineData("""{"topic":"t","payload":null}""", "payload")]
    [InlineData("""{"payload":"x"}""", "topic")]
    [InlineData("""{"device":"d","payload":"x"}""", "name")]
    [InlineData("""{"name":"n","payload":"x"}""", "device")]
    [InlineData("""{"topic":"t","device":"d","name":"n","payload":"x"}""", "topic")]
    [InlineData("""{"device":"a/b","name":"n","payload":"x"}""", "device")]
    [InlineData("""{"topic":"t","payload":"x","payloadEncoding":"hex"}""", "payloadEncoding")]
    [InlineData("""{"topic":"t","payload":"%%%","payloadEncoding":"base64"}""", "payload")]
    [InlineData("""{"topic":"t","payload":1,"payloadEncoding":"string"}""", "payload")]
    [InlineData("""{"topic":"t","payload":"\ud800"}""", "payload")]
    [InlineData("""{"topic":1,"payload":"x"}""", "topic")]
    [InlineData("""{"topic":"t","payload":"x","retain":"yes"}""", "retain")]
    [InlineData("""{"topic":"t","payload":"x","qos":3}""", "qos")]
    [InlineData("""{"topic":"t","payload":"x","expirySeconds":-1}""", "expirySeconds")]
    [InlineData("""{"topic":"devices/d/x","payload":"x","stream":"s"}""", "sequence")]
    [InlineData("""{"topic":"devices/d/x","payload":"x","sequence":1}""", "stream")]
    [InlineData("""{"topic":"t","payload":"x","stream":"s","sequence":1}""", "stream")]
    [InlineData("""{"topic":"t","payload":"x","properties":{"a":"b"}}""", "properties")]
    [InlineData("""{"topic":"t","payload":"x","properties":[{"name":"a"}]}""", "properties")]
    [InlineData("""{"topic":"t","payload":"x","properties":[{"name":"a\u0000","value":"b"}]}""", "properties")]
    [InlineData("""{"topic":"t","payload":"x","contentType":"\u0000"}""", "contentType")]
    [InlineData("""{"topic":"t","payload":"x","retian":true}""", "retian")]
    public async Task A_field_that_is_wrong_is_named(string json, string where)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(where, (await host.PublishAsync(json)).AssertProblem(422));
        Assert.Empty(host.Node.Published);
    }

    [Theory]
    [InlineData("?topic=t&qos=9", "qos")]
    [InlineData("?topic=t&retain=maybe", "retain")]
    [InlineData("?topic=t&expirySeconds=soon", "expirySeconds")]
    [InlineData("?topic=t&retian=true", "retian")]
    [InlineData("?topic=t&topic=u", "topic")]
    [InlineData("?device=d", "name")]
    public async Task A_query_parameter_that_is_wrong_is_named(string query, string where)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.SendAsync(HttpMethod.Post, "/api/v1/products/default/events" + query, new StringContent("x"));

        Assert.Equal(where, answer.AssertProblem(422));
    }

    [Theory]
    [InlineData("{", "line 1")]
    [InlineData("{\n \"topic\": t", "line 2, byte 12")]
    [InlineData("""{"topic":"t","topic":"u"}""", "Duplicate property 'topic'")]
    [InlineData("[]", "no event")]
    [InlineData("[[]]", "an array")]
    [InlineData("7", "7")]
    [InlineData("", "line 1")]
    public async Task A_body_that_is_not_a_json_object_is_refused_with_the_place(string json, string place)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.PublishAsync(json);

        answer.AssertProblem(400);
        Assert.Contains(place, answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sequence_header_that_is_no_number_is_named()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.PublishAsync("""{"topic":"devices/d/x","payload":""}""", true, ("Holdfast-Stream", "s"), ("Holdfast-Sequence", "-1"));

        Assert.Equal("Holdfast-Sequence", answer.AssertProblem(422));
    }

    [Fact]
    public async Task Another_content_type_without_a_topic_and_a_compressed_body_are_refused()
    {
        await using var host = await ApiHost.StartAsync();
        var path = "/api/v1/products/default/events";

        Assert.Equal("Content-Type", (await host.SendAsync(HttpMethod.Post, path, new StringContent("x"))).AssertProblem(415));
        var compressed = new StringContent("x") { Headers = { ContentEncoding = { "gzip" } } };
        (await host.SendAsync(HttpMethod.Post, path + "?topic=t", compressed)).AssertProblem(415);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_largest_payload_is_accepted_and_one_byte_more_is_not(bool isChunked)
    {
        await using var host = await ApiHost.StartAsync(options => options with { MaximumPayloadBytes = 1000 });
        async Task<Answer> PublishAsync(int bytes) => await host.SendAsync(
            HttpMethod.Post, "/api/v1/products/default/events?topic=t", new ByteArrayContent(new byte[bytes]), true,
            isChunked ? [("Transfer-Encoding", "chunked")] : []);

        Assert.Equal(202, (await PublishAsync(1000)).Status);
        (await PublishAsync(1001)).AssertProblem(413);
        (await host.PublishAsync($$"""{"topic":"t","payload":"{{new string('x', 1001)}}"}""")).AssertProblem(413);
        Assert.Single(host.Node.Published);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_before_its_end()
    {
        await using var host = await ApiHost.StartAsync(options => options with { MaximumPayloadBytes = 1000 });
        using var client = new TcpClient();
        await client.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port, TestContext.Current.CancellationToken);
        var endless = "POST /api/v1/products/default/events?topic=t HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" + new string('x', 0x3E9) + "\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(endless), TestContext.Current.CancellationToken);

        using var answer = new StreamReader(client.GetStream());
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await answer.ReadLineAsync(deadline.Token));
    }

    [Theory]
    [InlineData("Acme")]
    [InlineData("a_b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public async Task A_product_name_that_is_not_valid_is_refused(string product)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.SendAsync(HttpMethod.Post, $"/api/v1/products/{product}/events", ApiHost.Json("""{"topic":"t","payload":""}"""));

        Assert.Equal("product", answer.AssertProblem(400));
    }

    [Fact]
    public async Task A_failure_inside_is_a_problem_that_tells_nothing_of_the_inside()
    {
        await using var host = await ApiHost.StartAsync();
        host.Node.Failure = new InvalidOperationException("secret inside");

        var answer = await host.PublishAsync("""{"topic":"t","payload":""}""");

        answer.AssertProblem(500);
        Assert.DoesNotContain("secret inside", answer.Body, StringComparison.Ordinal);
    }
}
