using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Connections;

/// <summary>
/// The topic aliases that we set on a connection: each topic gets one with its first message, and gives it up to another when it was used the longest
/// time ago. Only used inside the output's critical section, so that what the table says is what was written.
/// </summary>
internal sealed class OutboundAliases
{
    /// <summary>The most aliases of one connection.</summary>
    private const int Maximum = 64;

    /// <summary>Longer names stay without, which bounds the memory of a connection to 64 kB.</summary>
    private const int LongestTopic = 1024;

    /// <summary>An alias takes three bytes itself.</summary>
    private const int ShortestTopic = 4;

    private readonly ulong[] _hashes;
    private readonly long[] _used;
    private readonly byte[][] _topics;
    private readonly int[] _lengths;
    private long _now;
    private int _count;

    /// <param name="clientMaximum">The client's Topic Alias Maximum, above 0.</param>
    public OutboundAliases(ushort clientMaximum)
    {
        var maximum = Math.Min((int)clientMaximum, Maximum);
        _hashes = new ulong[maximum];
        _used = new long[maximum];
        _topics = new byte[maximum][];
        _lengths = new int[maximum];
    }

    /// <summary>Whether a topic gets an alias.</summary>
    public static bool IsWorth(ReadOnlySpan<byte> topic) => topic.Length is >= ShortestTopic and <= LongestTopic;

    /// <summary>The alias of a topic, or the one to give to it.</summary>
    /// <param name="topic">The topic name.</param>
    /// <param name="isSet">Whether the client knows it.</param>
    public ushort Choose(ReadOnlySpan<byte> topic, out bool isSet)
    {
        var place = Find(topic, TopicHash.Of(topic));
        isSet = place >= 0;
        if (isSet)
        {
            _used[place] = ++_now;
            return (ushort)(place + 1);
        }

        return (ushort)((_count < _used.Length ? _count : _used.IndexOf(_used.Min())) + 1);
    }

    /// <summary>The alias was sent with its topic.</summary>
    public void Set(ushort alias, ReadOnlySpan<byte> topic)
    {
        var place = alias - 1;
        if (_topics[place] is null || _topics[place].Length < topic.Length)
        {
            _topics[place] = new byte[topic.Length];
        }

        topic.CopyTo(_topics[place]);
        _lengths[place] = topic.Length;
        _hashes[place] = TopicHash.Of(topic);
        _used[place] = ++_now;
        _count = Math.Max(_count, alias);
    }

    private int Find(ReadOnlySpan<byte> topic, ulong hash)
    {
        for (var from = 0; from < _count;)
        {
            var found = _hashes.AsSpan(from, _count - from).IndexOf(hash);
            if (found < 0)
            {
                return -1;
            }

            if (topic.SequenceEqual(_topics[from + found].AsSpan(0, _lengths[from + found])))
            {
                return from + found;
            }

            from += found + 1;
        }

        return -1;
    }
}
