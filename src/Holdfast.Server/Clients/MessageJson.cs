using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MQTTnet;
using MQTTnet.Protocol;

namespace Holdfast.Server.Clients;

/// <summary>Received messages as JSON.</summary>
internal static class MessageJson
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The form of mosquitto_sub's <c>%j</c> and <c>%J</c>.</summary>
    /// <param name="received">The message.</param>
    /// <param name="payloadIsJson">Whether the payload is put in as JSON; one that is not JSON becomes a string.</param>
    /// <param name="output">Where to.</param>
    public static void WriteMosquitto(ReceivedMessage received, bool payloadIsJson, IBufferWriter<byte> output)
    {
        MqttApplicationMessage message = received.Message;
        using var json = new Utf8JsonWriter(output, Readable);
        json.WriteStartObject();
        json.WriteString("tst", received.ReceivedAt.ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture));
        json.WriteString("topic", message.Topic);
        json.WriteNumber("qos", (int)message.QualityOfServiceLevel);
        json.WriteNumber("retain", message.Retain ? 1 : 0);
        json.WriteNumber("payloadlen", received.Payload.Length);
        if (received.PacketId != 0)
        {
            json.WriteNumber("mid", received.PacketId);
        }

        WriteMosquittoProperties(message, json);
        json.WritePropertyName("payload");
        if (payloadIsJson && IsJson(received.Payload))
        {
            json.WriteRawValue(received.Payload, skipInputValidation: true);
        }
        else
        {
            json.WriteStringValue(Encoding.UTF8.GetString(received.Payload));
        }

        json.WriteEndObject();
    }

    /// <summary>The common form: payload as JSON, text or base64, told by <c>payloadEncoding</c>; user properties in order.</summary>
    /// <param name="received">The message.</param>
    /// <param name="output">Where to.</param>
    public static void WriteEvent(ReceivedMessage received, IBufferWriter<byte> output)
    {
        MqttApplicationMessage message = received.Message;
        using var json = new Utf8JsonWriter(output, Readable);
        json.WriteStartObject();
        json.WriteString("topic", message.Topic);
        WritePayload(received.Payload, json);
        WriteOptional(json, "contentType", message.ContentType);
        json.WriteString("receivedAt", received.ReceivedAt.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        json.WriteNumber("qos", (int)message.QualityOfServiceLevel);
        json.WriteBoolean("retain", message.Retain);
        json.WriteBoolean("duplicate", message.Dup);
        WriteOptional(json, "responseTopic", message.ResponseTopic);
        if (message.CorrelationData is { } correlation)
        {
            json.WriteBase64String("correlationData", correlation);
        }

        if (message.MessageExpiryInterval > 0)
        {
            json.WriteNumber("expirySeconds", message.MessageExpiryInterval);
        }

        json.WriteStartArray("properties");
        foreach (MQTTnet.Packets.MqttUserProperty property in message.UserProperties ?? [])
        {
            json.WriteStartObject();
            json.WriteString("name", property.Name);
            json.WriteString("value", property.ValueBuffer.Span);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WritePayload(byte[] payload, Utf8JsonWriter json)
    {
        if (IsJson(payload))
        {
            json.WriteString("payloadEncoding", "json");
            json.WritePropertyName("payload");
            json.WriteRawValue(payload, skipInputValidation: true);
        }
        else if (IsText(payload))
        {
            json.WriteString("payloadEncoding", "utf-8");
            json.WriteString("payload", payload);
        }
        else
        {
            json.WriteString("payloadEncoding", "base64");
            json.WriteBase64String("payload", payload);
        }
    }

    private static void WriteMosquittoProperties(MqttApplicationMessage message, Utf8JsonWriter json)
    {
        bool any = message.ContentType is not null || message.ResponseTopic is not null || message.CorrelationData is not null || message.MessageExpiryInterval > 0
            || message.PayloadFormatIndicator != MqttPayloadFormatIndicator.Unspecified || message.UserProperties is { Count: > 0 };
        if (!any)
        {
            return;
        }

        json.WriteStartObject("properties");
        if (message.PayloadFormatIndicator != MqttPayloadFormatIndicator.Unspecified)
        {
            json.WriteNumber("payload-format-indicator", (int)message.PayloadFormatIndicator);
        }

        if (message.MessageExpiryInterval > 0)
        {
            json.WriteNumber("message-expiry-interval", message.MessageExpiryInterval);
        }

        WriteOptional(json, "content-type", message.ContentType);
        WriteOptional(json, "response-topic", message.ResponseTopic);
        WriteOptional(json, "correlation-data", message.CorrelationData is { } data ? Encoding.UTF8.GetString(data) : null);
        if (message.UserProperties is { Count: > 0 } user)
        {
            json.WriteStartObject("user-properties");
            user.ForEach(property => json.WriteString(property.Name, property.ValueBuffer.Span));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    // Only objects and arrays count: the text "12" of a meter is a text.
    private static bool IsJson(byte[] payload)
    {
        ReadOnlySpan<byte> trimmed = payload.AsSpan().Trim(" \t\r\n"u8);
        if (trimmed.IsEmpty || trimmed[0] is not ((byte)'{' or (byte)'['))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(payload);
            reader.Read();
            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsText(byte[] payload)
    {
        try
        {
            Strict.GetCharCount(payload);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
