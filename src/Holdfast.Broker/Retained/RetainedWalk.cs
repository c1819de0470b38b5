using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Retained;

/// <summary>
/// A walk through the retained messages of one filter, as they were at one position of the log. It holds no message, whatever the number of
/// matches: few are remembered by their places, many are found by looking through all places from where the walk stands. Messages that were
/// set after that position are passed over; they reach a subscriber through the log.
/// </summary>
/// <param name="filter">The filter.</param>
/// <param name="asOf">The position: one offset per partition.</param>
internal sealed class RetainedWalk(TopicFilter filter, long[] asOf)
{
    private int[]? _places;
    private int _end;

    public TopicFilter Filter => filter;

    public bool IsStarted { get; private set; }

    /// <summary>How far it has come. Set it to the position of a message to come to that message again.</summary>
    public int Position { get; set; }

    public bool IsFinished => IsStarted && Position >= _end;

    /// <summary>Goes through these places.</summary>
    public void StartWith(int[] places) => (_places, _end, IsStarted) = (places, places.Length, true);

    /// <summary>Goes through all places.</summary>
    public void StartWithAll(int count) => (_end, IsStarted) = (count, true);

    /// <summary>The place at the position.</summary>
    public int Place => _places is { } places ? places[Position] : Position;

    /// <summary>Whether a message belongs to the walk. A place may hold another one by now than when the walk began.</summary>
    public bool Includes(RetainedMessage message) => message.Offset < asOf[message.Partition] && filter.Matches(message.Topic);
}

/// <summary>A message that a walk has come to, and its position in the walk.</summary>
internal readonly record struct RetainedFinding(RetainedMessage Message, int Position);
