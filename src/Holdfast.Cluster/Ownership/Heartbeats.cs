using System.Collections.Concurrent;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Ownership;

/// <summary>Tells every other node, again and again, that this one lives and what it owns; at once when that changes.</summary>
internal sealed class Heartbeats(ClusterTimes times, IPeers peers, Func<Heartbeat> say, Action<Heartbeat> hearSelf, Func<NodeId, Task> unanswered, TimeProvider time)
{
    private readonly ConcurrentDictionary<NodeId, Task> _talking = new();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Something has changed that the others should know now.</summary>
    public void TellNow()
    {
        hearSelf(say());
        Interlocked.Exchange(ref _news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>Talks until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            hearSelf(say());
            foreach (var node in peers.Others)
            {
                // One at a time to each: they arrive in order, and a node that does not answer holds up no other.
                if (!_talking.TryGetValue(node, out var talking) || talking.IsCompleted)
                {
                    _talking[node] = TellAsync(node);
                }
            }

            foreach (var node in _talking.Keys.Except(peers.Others))
            {
                _talking.TryRemove(node, out _);
            }

            await WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        var pause = Task.Delay(times.HeartbeatInterval, time, cancellationToken);
        await Task.WhenAny(pause, Volatile.Read(ref _news).Task).ConfigureAwait(false);
    }

    private async Task TellAsync(NodeId node)
    {
        try
        {
            await peers.Get(node).HeartbeatAsync(say()).ConfigureAwait(false);
        }
        catch (PeerUnavailableException)
        {
            // The next one tries again, unless nobody is there.
            await unanswered(node).ConfigureAwait(false);
        }
    }
}
