using Holdfast.Broker.Sessions;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Sessions;

/// <summary>Writes the mark of this node and how far its sessions are, once a second. So the node learns as well when it is fenced.</summary>
/// <param name="sessions">The sessions of this node.</param>
/// <param name="onWritten">Called after each time.</param>
/// <param name="onFenced">Called once, when the node must end itself.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For operators.</param>
public sealed class NodeMarks(ClusterSessions sessions, Action onWritten, Action onFenced, TimeProvider time, ILogger logger)
{
    /// <summary>When this node does not hear of its own appends for so long, it only asks whether it is fenced.</summary>
    private static readonly TimeSpan CollectLimit = TimeSpan.FromSeconds(1);

    private bool _isFenced;

    /// <summary>Writes once. Failures of the store are logged; the next time makes up for them.</summary>
    public async Task RunOnceAsync()
    {
        NodeProgress? progress = null;
        try
        {
            progress = await CollectAsync().ConfigureAwait(false);
            long[] mark = progress?.Mark ?? [.. sessions.Mark];
            if (await sessions.Store.SaveProgressAsync(mark, progress?.Sessions ?? [], progress?.Shares).ConfigureAwait(false))
            {
                sessions.SetMark(mark);
                onWritten();
            }
            else if (!_isFenced)
            {
                _isFenced = true;
                logger.LogCritical("Other nodes have taken this node, {Node}, for dead and fenced it; it ends", sessions.Store.Node);
                onFenced();
            }
        }
        catch (StateStoreException exception)
        {
            progress?.PutBack();
            logger.LogWarning("The mark of this node was not written: {Message}", exception.Message);
        }
    }

    private async Task<NodeProgress?> CollectAsync()
    {
        using var limit = new CancellationTokenSource(CollectLimit, time);
        try
        {
            return await sessions.Host.CollectProgressAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
