using System.Text.Unicode;

namespace Holdfast.Broker.Topics;

/// <summary>The rules of topic names, for topics that do not come through the MQTT codec.</summary>
public static class TopicName
{
    /// <summary>The longest topic name in UTF-8 bytes [MQTT-4.7.3-3].</summary>
    public const int MaximumLength = 65_535;

    /// <summary>
    /// Most levels of a topic name. The standard leaves a limit to the server; without one a topic of slashes costs a deep tree for every
    /// retained message.
    /// </summary>
    public const int MaximumLevels = TopicFilter.MaximumLevels;

    /// <summary>Whether a topic name that the codec has accepted is one that this server accepts too: it has at most <see cref="MaximumLevels"/>.</summary>
    /// <param name="topic">A valid topic name in UTF-8.</param>
    public static bool IsAccepted(ReadOnlySpan<byte> topic) => topic.Count((byte)'/') < MaximumLevels;

    /// <summary>Whether bytes are a topic name: 1 to 65,535 bytes of UTF-8 without wildcards and null, of at most <see cref="MaximumLevels"/> [MQTT-3.3.2-2], [MQTT-4.7.3-1], [MQTT-4.7.3-2].</summary>
    /// <param name="topic">The topic in UTF-8.</param>
    public static bool IsValid(ReadOnlySpan<byte> topic)
        => topic.Length is > 0 and <= MaximumLength
            && !topic.ContainsAny((byte)'+', (byte)'#', (byte)0)
            && IsAccepted(topic)
            && Utf8.IsValid(topic);
}
