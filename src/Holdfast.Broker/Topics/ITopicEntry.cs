namespace Holdfast.Broker.Topics;

/// <summary>
/// Something that stands in a tree of topic levels. Trees keep a path as one piece where nothing else shares it: an entry is placed as high
/// as it is alone, and a node is made only when a second path comes along. All entries below a node begin with the same bytes, so the level
/// that tells them apart starts at the same place in each of their paths.
/// </summary>
internal interface ITopicEntry
{
    /// <summary>The whole topic or filter; of a node, one of those that lead through it.</summary>
    ReadOnlySpan<byte> Path { get; }
}

/// <summary>Finds an entry by one level of its path.</summary>
internal readonly ref struct LevelKey : IProbeKey<ITopicEntry>
{
    private readonly ReadOnlySpan<byte> _level;
    private readonly int _start;

    /// <param name="level">The level's name.</param>
    /// <param name="start">Where the level starts in the paths of the table's entries.</param>
    public LevelKey(ReadOnlySpan<byte> level, int start)
    {
        _level = level;
        _start = start;
        Hash = (uint)TopicHash.Of(level);
    }

    public uint Hash { get; }

    public uint HashOf(ITopicEntry entry) => (uint)TopicHash.Of(TopicLevels.First(entry.Path[_start..]));

    public bool IsKeyOf(ITopicEntry entry)
    {
        var path = entry.Path[_start..];
        return path.StartsWith(_level) && (path.Length == _level.Length || path[_level.Length] == (byte)'/');
    }
}
