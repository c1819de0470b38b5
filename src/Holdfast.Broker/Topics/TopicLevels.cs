namespace Holdfast.Broker.Topics;

/// <summary>Cuts topics and filters into levels.</summary>
internal static class TopicLevels
{
    /// <summary>The first level of a topic or filter; possibly empty, since a level may be.</summary>
    public static ReadOnlySpan<byte> First(ReadOnlySpan<byte> path)
    {
        var end = path.IndexOf((byte)'/');
        return end < 0 ? path : path[..end];
    }
}
