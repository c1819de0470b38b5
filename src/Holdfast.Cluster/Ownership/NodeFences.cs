using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Ownership;

/// <summary>The nodes from which this one takes nothing any more, because their sessions go on elsewhere.</summary>
internal sealed class NodeFences
{
    private readonly Lock _lock = new();
    private readonly HashSet<NodeId> _fenced = [];
    private readonly Dictionary<NodeId, int> _inside = [];
    private TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets a request of a node in.</summary>
    /// <returns>To be disposed when it is answered; null when the node is fenced.</returns>
    public IDisposable? TryEnter(NodeId node)
    {
        lock (_lock)
        {
            if (_fenced.Contains(node))
            {
                return null;
            }

            _inside[node] = _inside.GetValueOrDefault(node) + 1;
            return new Visit(this, node);
        }
    }

    /// <summary>Takes nothing more from a node.</summary>
    /// <returns>Whether all that was taken is answered.</returns>
    public bool Fence(NodeId node) => Fence(node, out _);

    /// <summary>Takes nothing more from a node, and returns when all that was taken is answered.</summary>
    public async Task FenceAsync(NodeId node)
    {
        while (!Fence(node, out var left))
        {
            await left.ConfigureAwait(false);
        }
    }

    private bool Fence(NodeId node, out Task left)
    {
        lock (_lock)
        {
            _fenced.Add(node);
            left = _left.Task;
            return !_inside.ContainsKey(node);
        }
    }

    private void Leave(NodeId node)
    {
        lock (_lock)
        {
            var inside = _inside[node] - 1;
            if (inside > 0)
            {
                _inside[node] = inside;
                return;
            }

            _inside.Remove(node);
            _left.SetResult();
            _left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class Visit(NodeFences fences, NodeId node) : IDisposable
    {
        public void Dispose() => fences.Leave(node);
    }
}
