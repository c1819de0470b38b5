using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Access;

/// <summary>Whether everything that one topic filter can match is matched by another.</summary>
internal static class FilterCover
{
    /// <summary>Whether every topic that <paramref name="wanted"/> can match is one that <paramref name="allowed"/> matches. Allocates nothing.</summary>
    /// <param name="allowed">The wider filter, in UTF-8, without a share.</param>
    /// <param name="wanted">The filter to judge, in UTF-8, without a share.</param>
    public static bool Covers(ReadOnlySpan<byte> allowed, ReadOnlySpan<byte> wanted)
    {
        // A wildcard at the first level does not see topics that begin with $ [MQTT-4.7.2-1].
        if (wanted[0] == (byte)'$' && allowed[0] is (byte)'+' or (byte)'#')
        {
            return false;
        }

        while (true)
        {
            if (allowed is [(byte)'#'])
            {
                return true;
            }

            var allowedLevel = TopicLevels.First(allowed);
            var wantedLevel = TopicLevels.First(wanted);
            if (wantedLevel is [(byte)'#'] || (allowedLevel is not [(byte)'+'] && !allowedLevel.SequenceEqual(wantedLevel)))
            {
                return false;
            }

            var allowedEnds = allowedLevel.Length == allowed.Length;
            if (wantedLevel.Length == wanted.Length)
            {
                // "a/#" matches "a" too [MQTT-4.7.1-2].
                return allowedEnds || allowed[allowedLevel.Length..].SequenceEqual("/#"u8);
            }

            if (allowedEnds)
            {
                return false;
            }

            allowed = allowed[(allowedLevel.Length + 1)..];
            wanted = wanted[(wantedLevel.Length + 1)..];
        }
    }
}
