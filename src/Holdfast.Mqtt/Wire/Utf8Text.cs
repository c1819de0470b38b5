using System.Text.Unicode;

namespace Holdfast.Mqtt.Wire;

/// <summary>What a UTF-8 Encoded String may hold (MQTT 5, 1.5.4).</summary>
internal static class Utf8Text
{
    /// <summary>Whether the bytes are well-formed UTF-8 without U+0000.</summary>
    public static bool TryValidate(ReadOnlySpan<byte> text, out DecodeError error)
    {
        if (!Utf8.IsValid(text))
        {
            error = DecodeError.Malformed("A string is not well-formed UTF-8.", "MQTT-1.5.4-1");
            return false;
        }

        if (text.Contains((byte)0))
        {
            error = DecodeError.Malformed("A string contains U+0000.", "MQTT-1.5.4-2");
            return false;
        }

        error = default;
        return true;
    }

    /// <summary>Whether the bytes are a topic name, or empty: valid text without wildcards.</summary>
    /// <param name="topic">The bytes.</param>
    /// <param name="wildcardClause">What a wildcard breaks.</param>
    /// <param name="error">Why not.</param>
    public static bool TryValidateTopicName(ReadOnlySpan<byte> topic, string wildcardClause, out DecodeError error)
    {
        // One pass finds all three forbidden bytes; which one it was is worked out only for a refusal.
        if (topic.IndexOfAny((byte)0, (byte)'+', (byte)'#') < 0 && Utf8.IsValid(topic))
        {
            error = default;
            return true;
        }

        if (TryValidate(topic, out error))
        {
            error = new DecodeError(ReasonCode.TopicNameInvalid, "A topic name contains a wildcard character.", wildcardClause);
        }

        return false;
    }
}
