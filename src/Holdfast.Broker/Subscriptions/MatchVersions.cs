using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Subscriptions;

/// <summary>
/// Says whether what was matched for a topic still holds. A change of subscriptions touches only topics that share the literal beginning of
/// its filter, up to two levels: a device that subscribes to its own topics leaves the rest alone. Each beginning (none, one level, two
/// levels) has a counter, found by hash; that two share one costs a needless look, nothing else. A counter is odd while a change is under
/// way, so a reader that began with even counters and finds them unchanged has seen one state of the subscriptions.
/// </summary>
internal sealed class MatchVersions
{
    /// <summary>What <see cref="Read"/> returns while a change is under way.</summary>
    public const long Changing = -1;

    private const int CounterCount = 4096;

    private readonly long[] _counters = new long[CounterCount];

    /// <summary>The counters that decide about a topic.</summary>
    public readonly record struct Scope(ushort Product, ushort FirstLevel, ushort TwoLevels);

    /// <summary>The counters of a topic.</summary>
    public static Scope Of(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic)
    {
        var first = TopicLevels.First(topic).Length;
        return new Scope(Index(product, []), Index(product, topic[..first]), Index(product, topic[..EndOfSecondLevel(topic, first)]));
    }

    /// <summary>The counter that a change of this filter raises.</summary>
    public static ushort Of(ReadOnlySpan<byte> product, TopicFilter filter)
    {
        var path = filter.Levels;
        var first = TopicLevels.First(path).Length;
        var second = EndOfSecondLevel(path, first);
        return IsLiteral(path[..second]) && second > first ? Index(product, path[..second])
            : IsLiteral(path[..first]) ? Index(product, path[..first])
            : Index(product, []);
    }

    /// <summary>A number that changes when subscriptions of the scope do, or <see cref="Changing"/>.</summary>
    public long Read(Scope scope)
    {
        // Each counter only grows, so their sum is the same only if all of them are.
        var product = Volatile.Read(ref _counters[scope.Product]);
        var firstLevel = Volatile.Read(ref _counters[scope.FirstLevel]);
        var twoLevels = Volatile.Read(ref _counters[scope.TwoLevels]);
        return ((product | firstLevel | twoLevels) & 1) == 0 ? product + firstLevel + twoLevels : Changing;
    }

    /// <summary>Before a change. One change at a time.</summary>
    public void Begin(ushort counter) => Interlocked.Increment(ref _counters[counter]);

    /// <summary>After the change.</summary>
    public void End(ushort counter) => Interlocked.Increment(ref _counters[counter]);

    private static bool IsLiteral(ReadOnlySpan<byte> levels) => !levels.ContainsAny((byte)'+', (byte)'#');

    private static int EndOfSecondLevel(ReadOnlySpan<byte> path, int first)
        => first == path.Length ? first : first + 1 + TopicLevels.First(path[(first + 1)..]).Length;

    private static ushort Index(ReadOnlySpan<byte> product, ReadOnlySpan<byte> beginning)
        => (ushort)(TopicHash.Of(product, beginning) % CounterCount);
}
