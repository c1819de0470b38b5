using System.Text;
using Holdfast.Log.Partitions;

namespace Holdfast.Broker.Topics;

/// <summary>
/// A topic filter (MQTT 5, 4.7), parsed once. Immutable. It keeps its UTF-8 form only, and is no object of its own, since a broker holds very
/// many of them; the strings are made when asked for. The default value is no filter.
/// </summary>
public readonly record struct TopicFilter
{
    /// <summary>The longest filter in UTF-8 bytes, the share included [MQTT-4.7.3-3].</summary>
    public const int MaximumLength = 65_535;

    /// <summary>Most levels of a filter. The standard leaves a limit to the server; without one a filter of slashes costs a deep tree.</summary>
    public const int MaximumLevels = 128;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _bytes;
    private readonly int _levelsStart;

    private TopicFilter(byte[] bytes, int levelsStart)
    {
        _bytes = bytes;
        _levelsStart = levelsStart;
        HasWildcards = Levels.ContainsAny((byte)'+', (byte)'#');
    }

    /// <summary>The filter in UTF-8, without <c>$share/{name}/</c>.</summary>
    public ReadOnlySpan<byte> Levels => _bytes.AsSpan(_levelsStart);

    /// <summary>Whether any level is <c>+</c> or <c>#</c>.</summary>
    public bool HasWildcards { get; }

    /// <summary>Whether it is the filter of a shared subscription.</summary>
    public bool IsShared => _levelsStart > 0;

    /// <summary>The name in <c>$share/{name}/{filter}</c>, or null. A new string with each call.</summary>
    public string? ShareName
        => IsShared ? Encoding.UTF8.GetString(_bytes.AsSpan(SharePrefix.Length.._levelsStart)[..^1]) : null;

    private static ReadOnlySpan<byte> SharePrefix => "$share/"u8;

    /// <summary>
    /// The partition keys (see <see cref="Partitioning.KeyOf"/>) of all topics that the filter can match, when they are known; empty
    /// when only a scan finds them. A filter without wildcards has one; <c>devices/{id}/…</c> with a literal id has one;
    /// <c>devices/{id}/#</c> has two, since it matches the topic <c>devices/{id}</c> too, whose key is the whole topic.
    /// </summary>
    public IReadOnlyList<byte[]> LiteralKeys()
    {
        if (!HasWildcards)
        {
            return [Partitioning.KeyOf(Levels).ToArray()];
        }

        if (!Partitioning.TryGetDevice(Levels, out var device) || device.ContainsAny((byte)'+', (byte)'#'))
        {
            return [];
        }

        var afterDevice = Levels[("devices/"u8.Length + device.Length)..];
        return afterDevice.SequenceEqual("/#"u8) ? [device.ToArray(), Levels[..^2].ToArray()] : [device.ToArray()];
    }

    /// <summary>Parses a filter; <c>$share/{name}/{filter}</c> becomes the filter of a shared subscription.</summary>
    /// <param name="text">The filter as a client sent it.</param>
    /// <param name="filter">The filter, when it is valid.</param>
    /// <param name="problem">Otherwise, in a sentence, what is wrong with it.</param>
    public static bool TryParse(string text, out TopicFilter filter, out string problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        filter = default;
        if (!TryEncode(text, out var bytes))
        {
            problem = "A topic filter must be well-formed UTF-8.";
            return false;
        }

        if (!TryFindLevels(bytes, out var levelsStart))
        {
            problem = "A shared subscription has the form $share/{name}/{filter}, with a name without '+', '#' and '/'.";
            return false;
        }

        problem = ProblemOf(bytes, bytes.AsSpan(levelsStart));
        if (problem.Length > 0)
        {
            return false;
        }

        filter = new TopicFilter(bytes, levelsStart);
        return true;
    }

    /// <summary>Whether a topic matches. Allocates nothing.</summary>
    /// <param name="topic">A valid topic name in UTF-8.</param>
    public bool Matches(ReadOnlySpan<byte> topic) => !IsHiddenFrom(Levels, topic) && LevelsMatch(Levels, topic);

    /// <summary>The filter as it was given.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_bytes);

    /// <inheritdoc/>
    public bool Equals(TopicFilter other) => _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)TopicHash.Of(_bytes);

    /// <summary>A filter that starts with a wildcard does not see topics that start with '$' [MQTT-4.7.2-1].</summary>
    private static bool IsHiddenFrom(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> topic)
        => topic.Length > 0 && topic[0] == (byte)'$' && filter[0] is (byte)'+' or (byte)'#';

    /// <summary>Whether the levels from some common depth on match. Says nothing of '$', which only matters at the first level.</summary>
    internal static bool LevelsMatch(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> topic)
    {
        while (true)
        {
            if (filter is [(byte)'#'])
            {
                return true;
            }

            var filterLevel = TopicLevels.First(filter);
            var topicLevel = TopicLevels.First(topic);
            if (filterLevel is not [(byte)'+'] && !filterLevel.SequenceEqual(topicLevel))
            {
                return false;
            }

            var filterEnds = filterLevel.Length == filter.Length;
            if (topicLevel.Length == topic.Length)
            {
                return filterEnds || filter[filterLevel.Length..].SequenceEqual("/#"u8);
            }

            if (filterEnds)
            {
                return false;
            }

            filter = filter[(filterLevel.Length + 1)..];
            topic = topic[(topicLevel.Length + 1)..];
        }
    }

    private static bool TryEncode(string text, out byte[] bytes)
    {
        try
        {
            bytes = StrictUtf8.GetBytes(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            bytes = [];
            return false;
        }
    }

    private static bool TryFindLevels(ReadOnlySpan<byte> bytes, out int levelsStart)
    {
        levelsStart = 0;
        if (!bytes.StartsWith(SharePrefix))
        {
            return true;
        }

        var name = TopicLevels.First(bytes[SharePrefix.Length..]);
        levelsStart = SharePrefix.Length + name.Length + 1;
        return name.Length > 0 && !name.ContainsAny((byte)'+', (byte)'#') && levelsStart < bytes.Length;
    }

    private static string ProblemOf(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> levels)
    {
        if (levels.IsEmpty)
        {
            return "A topic filter must have at least one character.";
        }

        if (whole.Length > MaximumLength)
        {
            return $"A topic filter may have {MaximumLength:N0} bytes; this one has {whole.Length:N0}.";
        }

        if (whole.Contains((byte)0))
        {
            return "A topic filter must not contain the null character.";
        }

        return levels.Count((byte)'/') >= MaximumLevels
            ? $"A topic filter may have {MaximumLevels} levels; this one has {levels.Count((byte)'/') + 1:N0}."
            : ProblemOfWildcards(levels);
    }

    private static string ProblemOfWildcards(ReadOnlySpan<byte> levels)
    {
        while (true)
        {
            var level = TopicLevels.First(levels);
            var isLast = level.Length == levels.Length;
            if (level.Contains((byte)'#') && !(isLast && level.Length == 1))
            {
                return "'#' must be the last character of a topic filter and alone in its level.";
            }

            if (level.Contains((byte)'+') && level.Length > 1)
            {
                return "'+' must be alone in its level of a topic filter.";
            }

            if (isLast)
            {
                return "";
            }

            levels = levels[(level.Length + 1)..];
        }
    }
}
