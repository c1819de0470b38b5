using System.Buffers;
using System.Text;
using System.Text.Json;
using Holdfast.Server.Clients;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Holdfast.Server.Tests.Clients;

public sealed class MessageFormatTests
{
    private static readonly DateTimeOffset ReceivedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1)).AddTicks(6_700_000);

    [Theory]
    [InlineData("%t", "a/b")]
    [InlineData("%p", "hé")]
    [InlineData("%l %x %X", "3 68c3a9 68C3A9")]
    [InlineData("%q%r%m", "1112")]
    [InlineData("%P", "k:v k:w")]
    [InlineData("%C|%R|%D|%E|%F|%S", "text/plain|r/t|c|60|1|7 8")]
    [InlineData("%I", "2026-01-02T03:04:05+01:00")]
    [InlineData("%U", "1767319445.670000000")]
    [InlineData("100%% \\\\ \\t|", "100% \\ \t|")]
    [InlineData("", "")]
    public void Each_directive_is_replaced(string format, string expected) => Assert.Equal(expected, Write(format, Message("hé")));

    [Theory]
    [InlineData("%z")]
    [InlineData("50%")]
    [InlineData("\\q")]
    [InlineData("a\\")]
    public void An_unknown_directive_is_refused_with_advice(string format)
        => Assert.Contains("for the character itself", MessageFormat.TryParse(format, out _), StringComparison.Ordinal);

    [Fact]
    public void A_payload_of_bytes_is_written_as_it_is()
    {
        Assert.Null(MessageFormat.TryParse("%p", out MessageFormat? format));
        var output = new ArrayBufferWriter<byte>();
        format!.Write(new ReceivedMessage(new MqttApplicationMessage { Topic = "a", Payload = new ReadOnlySequence<byte>([0, 255, 10]) }, 0, ReceivedAt), output);
        Assert.Equal([0, 255, 10], output.WrittenSpan.ToArray());
    }

    [Fact]
    public void Json_has_the_fields_of_mosquitto()
    {
        JsonElement json = JsonElement.Parse(Write("%j", Message("{\"x\":1}")));
        Assert.Equal("a/b", json.GetProperty("topic").GetString());
        Assert.Equal("2026-01-02T03:04:05.670000+01:00", json.GetProperty("tst").GetString());
        Assert.Equal(1, json.GetProperty("qos").GetInt32());
        Assert.Equal(1, json.GetProperty("retain").GetInt32());
        Assert.Equal(7, json.GetProperty("payloadlen").GetInt32());
        Assert.Equal(12, json.GetProperty("mid").GetInt32());
        Assert.Equal("{\"x\":1}", json.GetProperty("payload").GetString());
        Assert.Equal("text/plain", json.GetProperty("properties").GetProperty("content-type").GetString());
    }

    [Fact]
    public void Json_takes_a_json_payload_in_and_keeps_any_other_as_text()
    {
        Assert.Equal(1, JsonElement.Parse(Write("%J", Message("{\"x\":1}"))).GetProperty("payload").GetProperty("x").GetInt32());
        Assert.Equal("{x", JsonElement.Parse(Write("%J", Message("{x"))).GetProperty("payload").GetString());
    }

    [Theory]
    [InlineData("{\"x\":1}", "json", "{\"x\":1}")]
    [InlineData("[1] x", "utf-8", "\"[1] x\"")]
    [InlineData("12", "utf-8", "\"12\"")]
    [InlineData("", "utf-8", "\"\"")]
    public void An_event_says_how_its_payload_is_encoded(string payload, string encoding, string json)
    {
        JsonElement written = JsonElement.Parse(Write(MessageFormat.Event, Message(payload)));
        Assert.Equal(encoding, written.GetProperty("payloadEncoding").GetString());
        Assert.Equal(json, written.GetProperty("payload").GetRawText());
        Assert.Equal(["v", "w"], written.GetProperty("properties").EnumerateArray().Select(property => property.GetProperty("value").GetString()));
    }

    [Fact]
    public void An_event_with_bytes_is_base64()
    {
        Assert.Null(MessageFormat.TryParse(MessageFormat.Event, out MessageFormat? format));
        var output = new ArrayBufferWriter<byte>();
        format!.Write(new ReceivedMessage(new MqttApplicationMessage { Topic = "a", Payload = new ReadOnlySequence<byte>([255, 254]) }, 0, ReceivedAt), output);
        JsonElement json = JsonElement.Parse(output.WrittenSpan);
        Assert.Equal("base64", json.GetProperty("payloadEncoding").GetString());
        Assert.Equal([255, 254], json.GetProperty("payload").GetBytesFromBase64());
    }

    private static string Write(string text, ReceivedMessage message)
    {
        Assert.Null(MessageFormat.TryParse(text, out MessageFormat? format));
        var output = new ArrayBufferWriter<byte>();
        format!.Write(message, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static ReceivedMessage Message(string payload) => new(
        new MqttApplicationMessage
        {
            Topic = "a/b",
            Payload = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(payload)),
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            Retain = true,
            ContentType = "text/plain",
            ResponseTopic = "r/t",
            CorrelationData = "c"u8.ToArray(),
            MessageExpiryInterval = 60,
            PayloadFormatIndicator = MqttPayloadFormatIndicator.CharacterData,
            SubscriptionIdentifiers = [7, 8],
            UserProperties = [new MqttUserProperty("k", "v"u8.ToArray().AsMemory()), new MqttUserProperty("k", "w"u8.ToArray().AsMemory())],
        },
        12,
        ReceivedAt);
}
