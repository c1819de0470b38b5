using System.Collections.Concurrent;

namespace Holdfast.Cluster.Peers;

/// <summary>Something of which there is one for each other node, as long as that is there.</summary>
/// <param name="make">Makes it.</param>
internal sealed class PeerMap<T>(Func<NodeId, T> make) : IAsyncDisposable
    where T : IAsyncDisposable
{
    private readonly ConcurrentDictionary<NodeId, T> _all = new();

    /// <summary>Those that there are.</summary>
    public IEnumerable<T> All => _all.Select(pair => pair.Value);

    /// <summary>That of a node; it is made when there is none.</summary>
    public T Of(NodeId node) => _all.GetOrAdd(node, make);

    /// <summary>The other nodes have changed.</summary>
    /// <param name="others">The nodes that there are now.</param>
    /// <param name="onGone">Called for each whose node is gone, before it is disposed.</param>
    public void Follow(IReadOnlyList<NodeId> others, Action<T>? onGone = null)
    {
        foreach (var node in others)
        {
            Of(node);
        }

        foreach (var node in _all.Keys.Except(others))
        {
            if (_all.TryRemove(node, out var gone))
            {
                onGone?.Invoke(gone);
                _ = gone.DisposeAsync().AsTask();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var one in All)
        {
            await one.DisposeAsync().ConfigureAwait(false);
        }
    }
}
