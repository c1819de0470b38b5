using System.Text;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;

namespace Holdfast.Cluster.Direct;

/// <summary>The filters of this node's subscribers, counted, and how they have changed lately.</summary>
internal sealed class InterestBook : IFilterObserver
{
    /// <summary>The most changes that are remembered; who is further behind gets everything again.</summary>
    private const int RememberedChanges = 16_384;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Product, string Filter), int> _filters = [];
    private readonly Queue<InterestChange> _changes = new();
    private long _version = 1;
    private long _neededVersion = 1;

    /// <summary>A filter came or went. It must not block.</summary>
    public event Action? Changed;

    /// <summary>Who knows an earlier version does not know every filter that there is now.</summary>
    public long NeededVersion => Volatile.Read(ref _neededVersion);

    /// <inheritdoc/>
    public void OnAdded(ReadOnlySpan<byte> product, TopicFilter filter)
    {
        var key = Key(product, filter);
        lock (_lock)
        {
            _filters[key] = _filters.GetValueOrDefault(key) + 1;
            if (_filters[key] > 1)
            {
                return;
            }

            Remember(new InterestChange(key.Product, key.Filter, IsAdded: true));
            Volatile.Write(ref _neededVersion, _version);
        }

        Changed?.Invoke();
    }

    /// <inheritdoc/>
    public void OnRemoved(ReadOnlySpan<byte> product, TopicFilter filter)
    {
        var key = Key(product, filter);
        lock (_lock)
        {
            var count = _filters.GetValueOrDefault(key) - 1;
            if (count > 0)
            {
                _filters[key] = count;
                return;
            }

            _filters.Remove(key);
            Remember(new InterestChange(key.Product, key.Filter, IsAdded: false));
        }

        Changed?.Invoke();
    }

    /// <summary>What somebody who knows a version has to learn.</summary>
    /// <param name="version">What it knows; -1 for nothing. Set to what it then knows.</param>
    /// <param name="isWhole">Whether the result is everything.</param>
    public InterestChange[] Since(ref long version, out bool isWhole)
    {
        lock (_lock)
        {
            var missed = _version - version;
            isWhole = version < 0 || missed > _changes.Count;
            version = _version;
            return isWhole
                ? [.. _filters.Keys.Select(key => new InterestChange(key.Product, key.Filter, IsAdded: true))]
                : [.. _changes.Skip(_changes.Count - (int)missed)];
        }
    }

    private static (string Product, string Filter) Key(ReadOnlySpan<byte> product, TopicFilter filter)
        => (Encoding.UTF8.GetString(product), Encoding.UTF8.GetString(filter.Levels));

    private void Remember(InterestChange change)
    {
        _version++;
        _changes.Enqueue(change);
        if (_changes.Count > RememberedChanges)
        {
            _changes.Dequeue();
        }
    }
}
