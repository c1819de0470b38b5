using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Holdfast.Broker.Events;
using Holdfast.Log.Records;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Events;

public sealed class EventWriterTests
{
    [Fact]
    public void Every_field_stands_under_its_name_in_its_form()
    {
        var json = Write(
            "devices/pump-1/events/pressure/low", "{\"bar\": 2.50}"u8,
            [.. Text(0x03, "application/json"), .. User("hf-published-at", "2026-03-01T09:00:00.2504+01:00"), .. User("unit", "bar"), .. User("unit", "b\"ar")],
            stream: "s1", sequence: ulong.MaxValue);

        Assert.Equal(
            """
            {"id":"run1-3-42","product":"acme","device":"pump-1","topic":"devices/pump-1/events/pressure/low","name":"pressure/low","payload":{"bar": 2.50},"payloadEncoding":"json","contentType":"application/json","publishedAt":"2026-03-01T08:00:00.250Z","receivedAt":"2026-03-01T08:00:01.000Z","stream":"s1","sequence":18446744073709551615,"properties":[{"name":"hf-published-at","value":"2026-03-01T09:00:00.2504+01:00"},{"name":"unit","value":"bar"},{"name":"unit","value":"b\"ar"}]}
            """,
            json);
    }

    [Fact]
    public void What_is_unknown_is_null()
    {
        Assert.Equal(
            """
            {"id":"run1-3-42","product":"acme","device":null,"topic":"a/b","name":"a/b","payload":"x","payloadEncoding":"string","contentType":null,"publishedAt":null,"receivedAt":"2026-03-01T08:00:01.000Z","stream":null,"sequence":null,"properties":[]}
            """,
            Write("a/b", "x"u8));
    }

    [Theory]
    [InlineData("devices/d/events/a/b", "d", "a/b")]
    [InlineData("devices/d/events/", "d", "devices/d/events/")]
    [InlineData("devices/d/events", "d", "devices/d/events")]
    [InlineData("devices/d/commands/x", "d", "devices/d/commands/x")]
    [InlineData("devices/d/eventsx/y", "d", "devices/d/eventsx/y")]
    [InlineData("devices//events/x", null, "devices//events/x")]
    [InlineData("broadcast/ä", null, "broadcast/ä")]
    public void Device_and_name_come_from_the_topic(string topic, string? device, string name)
    {
        var read = EventDocument.Parse(Encoding.UTF8.GetBytes(Write(topic, "x"u8)));

        Assert.Equal((topic, device, name), (read.Topic, read.Device, read.Name));
    }

    [Theory]
    [InlineData("application/json", "{\"a\":[1]}", PayloadEncoding.Json)]
    [InlineData("Application/JSON ; charset=utf-8", "1", PayloadEncoding.Json)]
    [InlineData("application/senml+json", "[]", PayloadEncoding.Json)]
    [InlineData("application/json", "{\"a\":", PayloadEncoding.String)]
    [InlineData("application/json", "1 2", PayloadEncoding.String)]
    [InlineData("application/json", "", PayloadEncoding.String)]
    [InlineData("text/plain", "{}", PayloadEncoding.String)]
    [InlineData(null, "{}", PayloadEncoding.String)]
    [InlineData("application/jsonx", "{}", PayloadEncoding.String)]
    [InlineData(null, "tab\t, null\0, quote\", ümlaut, 🐟", PayloadEncoding.String)]
    public void A_payload_keeps_its_bytes_in_the_clearest_encoding(string? contentType, string payload, PayloadEncoding encoding)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        var read = EventDocument.Parse(Encoding.UTF8.GetBytes(Write("t", bytes, contentType is null ? [] : Text(0x03, contentType))));

        Assert.Equal(encoding, read.PayloadEncoding);
        Assert.Equal(bytes, read.GetPayloadBytes());
        Assert.Equal(contentType, read.ContentType);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    public void A_payload_that_is_not_text_is_base64(string? contentType)
    {
        byte[] payload = [(byte)'"', 0xC3, 0x28, (byte)'"'];
        var read = EventDocument.Parse(Encoding.UTF8.GetBytes(Write("t", payload, contentType is null ? [] : Text(0x03, contentType))));

        Assert.Equal(PayloadEncoding.Base64, read.PayloadEncoding);
        Assert.Equal(payload, read.GetPayloadBytes());
    }

    [Fact]
    public void Json_too_deep_for_common_parsers_is_a_string()
    {
        static byte[] Nested(int depth) => Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth));

        Assert.Contains("\"payloadEncoding\":\"json\"", Write("t", Nested(EventWriter.MaximumJsonDepth), Text(0x03, "application/json")), StringComparison.Ordinal);
        var deeper = EventDocument.Parse(Encoding.UTF8.GetBytes(Write("t", Nested(EventWriter.MaximumJsonDepth + 1), Text(0x03, "application/json"))));
        Assert.Equal(PayloadEncoding.String, deeper.PayloadEncoding);
    }

    [Fact]
    public void Properties_without_a_field_are_passed_over()
    {
        byte[] properties = [0x01, 1, .. Text(0x08, "reply/to"), .. Text(0x09, "corr"), .. User("a", ""), .. Text(0x03, "text/plain")];
        var read = EventDocument.Parse(Encoding.UTF8.GetBytes(Write("t", "x"u8, properties)));

        Assert.Equal([new UserProperty("a", "")], read.Properties);
        Assert.Equal("text/plain", read.ContentType);
    }

    [Fact]
    public void Writing_allocates_nothing()
    {
        byte[] properties = [.. Text(0x03, "application/json"), .. User("hf-published-at", "1772352000250"), .. User("unit", "bar")];
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var writer = new Utf8JsonWriter(buffer, EventWriter.WriterOptions);
        var payload = "{\"a\":1}"u8.ToArray();
        WriteOnce();
        var before = GC.GetAllocatedBytesForCurrentThread();
        WriteOnce();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void WriteOnce()
        {
            buffer.ResetWrittenCount();
            writer.Reset(buffer);
            EventWriter.Write(writer, "run1-3-42", Record("devices/d/events/x"u8, payload, properties, "s"u8, 1));
            writer.Flush();
        }
    }

    [Theory]
    [InlineData("2026-03-01T08:00:00Z", 1_772_352_000_000)]
    [InlineData("2026-03-01t08:00:00.1z", 1_772_352_000_100)]
    [InlineData("2026-03-01T08:00:00.123456789Z", 1_772_352_000_123)]
    [InlineData("2026-02-28T22:30:00.5-09:30", 1_772_352_000_500)]
    [InlineData("1772352000250", 1_772_352_000_250)]
    [InlineData("0", 0)]
    public void A_devices_time_is_rfc_3339_or_unix_milliseconds(string text, long milliseconds)
    {
        Assert.True(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out var read));
        Assert.Equal(milliseconds, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("1772352000250.5")]
    [InlineData("999999999999999999")]
    [InlineData("99999999999999999999999")]
    [InlineData("2026-03-01")]
    [InlineData("2026-03-01T08:00:00")]
    [InlineData("2026-03-01 08:00:00Z")]
    [InlineData("2026-02-29T08:00:00Z")]
    [InlineData("2026-13-01T08:00:00Z")]
    [InlineData("2026-03-01T24:00:00Z")]
    [InlineData("2026-03-01T08:00:60Z")]
    [InlineData("2026-03-01T08:00:00.Z")]
    [InlineData("2026-03-01T08:00:00+1:00")]
    [InlineData("2026-03-01T08:00:00.5")]
    [InlineData("1969-12-31T23:59:59Z")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("9999-12-31T23:59:59-14:00")]
    [InlineData("2026-03-01T08:00:00Zx")]
    public void Any_other_text_is_no_time(string text) => Assert.False(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out _));

    private static byte[] Text(byte identifier, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        byte[] property = [identifier, 0, 0, .. bytes];
        BinaryPrimitives.WriteUInt16BigEndian(property.AsSpan(1), (ushort)bytes.Length);
        return property;
    }

    private static byte[] User(string name, string value) => [.. Text(0x26, name), .. Text(0, value).AsSpan(1)];

    private static PublishRecord Record(
        ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> stream, ulong sequence) => new()
    {
        Product = "acme"u8,
        Publisher = "someone"u8,
        Topic = topic,
        Payload = payload,
        Properties = properties,
        Stream = stream,
        Sequence = sequence,
        ReceivedAtMilliseconds = 1_772_352_001_000,
    };

    private static string Write(string topic, ReadOnlySpan<byte> payload, byte[]? properties = null, string stream = "", ulong sequence = 0)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, EventWriter.WriterOptions);
        EventWriter.Write(
            writer, "run1-3-42", Record(Encoding.UTF8.GetBytes(topic), payload, properties ?? [], Encoding.UTF8.GetBytes(stream), sequence));
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
