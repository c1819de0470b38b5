using System.Diagnostics.CodeAnalysis;
using Holdfast.Broker.Retained;
using Holdfast.Broker.Subscriptions;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// The subscriptions of a session whose retained messages are still to be sent, each once and in order. A subscription that is repeated meanwhile starts
/// again. Only the first has begun its walk. Guarded by the session's lock.
/// </summary>
internal sealed class RetainedReplays
{
    private readonly LinkedList<RetainedReplay> _waiting = new();
    private readonly Dictionary<string, LinkedListNode<RetainedReplay>> _byFilter = new(StringComparer.Ordinal);

    public int Count => _waiting.Count;

    /// <summary>Whether those of a filter wait.</summary>
    public bool Contains(string filter) => _byFilter.ContainsKey(filter);

    public bool TryGetFirst([NotNullWhen(true)] out RetainedReplay? first)
    {
        first = _waiting.First?.Value;
        return first is not null;
    }

    /// <summary>Adds the retained messages of a subscription.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="asOf">What is newer comes from the log.</param>
    public void Add(Subscription<LogSubscriber> subscription, long[] asOf)
    {
        var filter = subscription.Filter.ToString();
        Remove(filter);
        _byFilter[filter] = _waiting.AddLast(new RetainedReplay(subscription, new RetainedWalk(subscription.Filter, asOf)));
    }

    public void Remove(string filter)
    {
        if (_byFilter.Remove(filter, out var node))
        {
            _waiting.Remove(node);
        }
    }

    public void Remove(RetainedReplay replay)
    {
        // A repeated subscription may have put another in its place.
        var filter = replay.Subscription.Filter.ToString();
        if (_byFilter.TryGetValue(filter, out var node) && node.Value == replay)
        {
            Remove(filter);
        }
    }
}

/// <summary>The retained messages on their way to one subscription.</summary>
internal sealed record RetainedReplay(Subscription<LogSubscriber> Subscription, RetainedWalk Walk);
