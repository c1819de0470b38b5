using System.Net.Http.Headers;
using System.Text;
using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Calls;

namespace Holdfast.Api.Tests;

public sealed class CallTests
{
    private const string Path = "/api/v1/products/default/devices/pump-7/commands/valve/close";

    [Fact]
    public async Task A_call_is_answered_with_what_the_device_says()
    {
        await using var host = await ApiHost.StartAsync();
        host.Calls.Result = new CallResult(CallStatus.Answered, "") { EventId = "run1-3-42", Reply = new DeviceReply("""{"bar":9}"""u8.ToArray(), "application/json", null) };

        using var body = new ByteArrayContent("now"u8.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } };
        var answer = await host.SendAsync(HttpMethod.Post, Path + "?wait=1.5s", body);

        Assert.Equal((200, "application/json", """{"bar":9}"""), (answer.Status, answer.ContentType, answer.Body));
        Assert.Equal("run1-3-42", Assert.Single(answer.Headers.GetValues("Holdfast-Event")));
        var (command, wait, _) = Assert.Single(host.Calls.Called);
        Assert.Equal(("default", "pump-7", "valve/close", "text/plain", "now"), (command.Product, command.Device, command.Name, command.ContentType, Encoding.UTF8.GetString(command.Payload.Span)));
        Assert.Equal(TimeSpan.FromSeconds(1.5), wait);
    }

    [Fact]
    public async Task What_a_device_says_of_a_failure_comes_as_it_is()
    {
        await using var host = await ApiHost.StartAsync();
        host.Calls.Result = new CallResult(CallStatus.Answered, "") { EventId = "e", Reply = new DeviceReply("""{"title":"stuck"}"""u8.ToArray(), "application/problem+json", "1\n2") };

        var answer = await host.SendAsync(HttpMethod.Post, Path + "?wait=10s");

        Assert.Equal((424, "application/problem+json", """{"title":"stuck"}"""), (answer.Status, answer.ContentType, answer.Body));
        Assert.Equal("1", Assert.Single(answer.Headers.GetValues("Holdfast-Error")));
    }

    [Fact]
    public async Task Without_a_wait_the_command_is_stored()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.SendAsync(HttpMethod.Post, Path + "?expirySeconds=60");

        Assert.Equal((202, "run1-3-42", "devices/d/replies/1"), (answer.Status, answer.Json.GetProperty("id").GetString(), answer.Json.GetProperty("replyTopic").GetString()));
        Assert.Equal(TimeSpan.FromMinutes(1), Assert.Single(host.Calls.Called).Expiry);
    }

    [Theory]
    [InlineData("?wait=61s", "wait")]
    [InlineData("?wait=0s", "wait")]
    [InlineData("?wait=soon", "wait")]
    [InlineData("?wait=10", "wait")]
    [InlineData("?wait=1s&expirySeconds=5", "expirySeconds")]
    [InlineData("?expirySeconds=0", "expirySeconds")]
    [InlineData("?weight=5", "weight")]
    public async Task A_wrong_parameter_is_named(string query, string where)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.SendAsync(HttpMethod.Post, Path + query);

        Assert.Equal(where, answer.AssertProblem(422));
        Assert.Empty(host.Calls.Called);
    }

    [Theory]
    [InlineData(CallStatus.NoAnswer, 408, null)]
    [InlineData(CallStatus.NobodySubscribes, 404, null)]
    [InlineData(CallStatus.TooManyCalls, 503, "5")]
    [InlineData(CallStatus.NotCommitting, 503, "2")]
    [InlineData(CallStatus.Full, 507, "30")]
    public async Task A_call_without_an_answer_is_a_problem(CallStatus status, int expected, string? retryAfter)
    {
        await using var host = await ApiHost.StartAsync();
        host.Calls.Result = new CallResult(status, "a reason");

        var answer = await host.SendAsync(HttpMethod.Post, Path + "?wait=1s");

        answer.AssertProblem(expected);
        Assert.Equal(retryAfter, answer.Headers.RetryAfter?.ToString());
    }
}
