using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres;
using Holdfast.Log.State;

namespace Holdfast.Cluster.Sessions;

/// <summary>Fences dead nodes and reads what they left, once for each: all its sessions come at the same time.</summary>
/// <param name="store">The sessions.</param>
/// <param name="fence">The way to all owners.</param>
/// <param name="log">The log.</param>
/// <param name="mostSteps">See <see cref="CrashReplay.MostSteps"/>.</param>
public sealed class CrashReplays(IClusterSessionStore store, INodeFence fence, PostgresPartitionLog log, int mostSteps = CrashReplay.MostSteps)
{
    /// <summary>The most dead nodes that are remembered; then the one that came first is read anew.</summary>
    private const int MostNodes = 4;

    private readonly Lock _lock = new();
    private readonly OrderedDictionary<NodeId, Task<CrashReplay>> _replays = [];

    /// <summary>What a dead node left.</summary>
    /// <param name="gone">The node.</param>
    /// <param name="cancellationToken">Gives up the waiting; the reading goes on for others.</param>
    /// <exception cref="IOException">It could not be fenced, or the log could not be read.</exception>
    public async Task<CrashReplay> OfAsync(NodeId gone, CancellationToken cancellationToken)
    {
        Task<CrashReplay>? reading;
        lock (_lock)
        {
            if (!_replays.TryGetValue(gone, out reading))
            {
                if (_replays.Count == MostNodes)
                {
                    _replays.RemoveAt(0);
                }

                _replays[gone] = reading = Task.Run(() => ReadAsync(gone), CancellationToken.None);
            }
        }

        try
        {
            return await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch when (reading.IsFaulted)
        {
            Forget(gone, reading);
            throw;
        }
    }

    private async Task<CrashReplay> ReadAsync(NodeId gone)
    {
        var ends = await fence.FenceEverywhereAsync(gone, CancellationToken.None).ConfigureAwait(false);
        for (var partition = 0; partition < ends.Length; partition++)
        {
            log.Announce(partition, ends[partition]);
        }

        // Only now: until it was fenced, it may have moved its mark.
        var nodes = await store.LoadNodesAsync(CancellationToken.None).ConfigureAwait(false);
        var mark = nodes.FirstOrDefault(node => node.Id == gone.ToString())?.Mark ?? [.. Enumerable.Range(0, ends.Length).Select(log.FirstOffset)];
        return await CrashReplay.ReadAsync(log, mark, ends, mostSteps, CancellationToken.None).ConfigureAwait(false);
    }

    private void Forget(NodeId gone, Task<CrashReplay> reading)
    {
        lock (_lock)
        {
            if (_replays.TryGetValue(gone, out var present) && present == reading)
            {
                _replays.Remove(gone);
            }
        }
    }
}
