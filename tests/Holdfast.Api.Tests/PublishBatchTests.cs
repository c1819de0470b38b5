using System.Net.Http.Headers;
using System.Text;
using Holdfast.Api.Tests.Support;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Api.Tests;

/// <summary>The batches of devices over HTTP.</summary>
public sealed class PublishBatchTests
{
    private const string Path = "/api/v1/products/default/events";

    /// <summary>The example of docs/device.md.</summary>
    private const string Example = "C5484642" + "01" + "0473316438" + "2A" + "80D095FFBC31" + "03" + "0474656D70" + "0A746578742F706C61696E" + "0432312E35"
        + "08" + "E807" + "0432312E36" + "0F" + "04646F6F72" + "00" + "01" + "01" + "046F70656E";

    [Fact]
    public async Task A_batch_becomes_single_events()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await PostAsync(host, Example, "?device=d");

        Assert.Equal((202, 3), (answer.Status, answer.Json.GetProperty("stored").GetInt32()));
        Assert.Equal(
            [("devices/d/events/temp", "text/plain", "21.5", 42UL), ("devices/d/events/temp", "text/plain", "21.6", 43UL), ("devices/d/events/door", null, "open", 45UL)],
            host.Node.Published.Select(one => (one.Topic, one.ContentType, Encoding.UTF8.GetString(one.Payload.Span), one.Sequence)));
        Assert.All(host.Node.Published, one => Assert.Equal("s1d8", one.Stream));
        Assert.Equal([new UserProperty("hf-stream", "s1d8"), new("hf-seq", "43"), new("hf-published-at", "1700000000500")], host.Node.Published[1].UserProperties);
    }

    [Theory]
    [InlineData("00", "?device=d", 400, null)]
    [InlineData(Example + "FF", "?device=d", 400, null)]
    [InlineData(Example, "", 422, "[0].device")]
    [InlineData(Example, "?device=d/e", 422, "[0].device")]
    [InlineData(Example, "?device=d&name=x", 422, "name")]
    public async Task Of_a_wrong_one_nothing_is_stored(string batch, string query, int status, string? where)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await PostAsync(host, batch, query);

        Assert.Equal(where, answer.AssertProblem(status));
        Assert.Empty(host.Node.Published);
    }

    private static Task<Answer> PostAsync(ApiHost host, string batch, string query)
        => host.SendAsync(HttpMethod.Post, Path + query, new ByteArrayContent(Convert.FromHexString(batch)) { Headers = { ContentType = new MediaTypeHeaderValue("application/vnd.holdfast.batch") } });
}
