namespace Holdfast.Broker.Retained;

/// <summary>
/// The retained messages of one product: a tree finds them by topic, and each has a place in a list, which it keeps while its topic has a message. Not
/// thread-safe.
/// </summary>
internal sealed class ProductRetained
{
    /// <summary>How many places are looked at in one go.</summary>
    private const int MostPlacesAtATime = 4096;

    private readonly RetainedTree _tree = new();
    private readonly List<RetainedMessage?> _places = [];
    private readonly Stack<int> _free = new();
    private readonly List<RetainedMessage> _matches = [];

    public bool IsEmpty => _tree.IsEmpty;

    public RetainedMessage? Find(ReadOnlySpan<byte> topic) => _tree.Find(topic);

    /// <summary>Sets a topic's message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="replaced">The message that the topic has now, or null.</param>
    public void Set(RetainedMessage message, RetainedMessage? replaced)
    {
        _tree.Set(message);
        if (replaced is not null)
        {
            message.Place = replaced.Place;
            _places[message.Place] = message;
        }
        else if (_free.TryPop(out var free))
        {
            message.Place = free;
            _places[free] = message;
        }
        else
        {
            message.Place = _places.Count;
            _places.Add(message);
        }
    }

    public void Remove(RetainedMessage message)
    {
        _tree.Remove(message.Topic);
        _places[message.Place] = null;
        _free.Push(message.Place);
    }

    /// <summary>Whether any message may match, expired or not: a filter for which too many would have to be looked at may.</summary>
    public bool Any(ReadOnlySpan<byte> filter)
    {
        var any = !_tree.Collect(filter, 0, _matches);
        _matches.Clear();
        return any;
    }

    /// <summary>Takes a walk on, by a bounded number of places.</summary>
    /// <param name="walk">The walk.</param>
    /// <param name="mostRemembered">More matches than this are not remembered by their places.</param>
    /// <param name="maximum">The most to find.</param>
    /// <param name="into">Where the findings are added.</param>
    public void Read(RetainedWalk walk, int mostRemembered, int maximum, List<RetainedFinding> into)
    {
        if (!walk.IsStarted)
        {
            Start(walk, mostRemembered);
        }

        for (var looked = 0; !walk.IsFinished && looked < MostPlacesAtATime && into.Count < maximum; looked++, walk.Position++)
        {
            // The product may have lost all its messages since, and got others.
            if (walk.Place < _places.Count && _places[walk.Place] is { } message && walk.Includes(message))
            {
                into.Add(new RetainedFinding(message, walk.Position));
            }
        }
    }

    /// <inheritdoc cref="RetainedMessages.FindAt"/>
    public int FindAt(int place, Dictionary<(int Partition, long Offset), RetainedMessage?> sought)
    {
        var end = Math.Min(place + MostPlacesAtATime, _places.Count);
        for (; place < end; place++)
        {
            if (_places[place] is { } message && sought.ContainsKey((message.Partition, message.Offset)))
            {
                sought[(message.Partition, message.Offset)] = message;
            }
        }

        return place < _places.Count ? place : -1;
    }

    private void Start(RetainedWalk walk, int mostRemembered)
    {
        if (_tree.Collect(walk.Filter.Levels, mostRemembered, _matches))
        {
            walk.StartWith([.. _matches.Select(message => message.Place)]);
        }
        else
        {
            walk.StartWithAll(_places.Count);
        }

        _matches.Clear();
    }
}
