using Holdfast.Cluster.Peers;
using Holdfast.Log.Batches;

namespace Holdfast.Cluster.Fanout;

/// <summary>
/// Pushes committed batches to one other node. It never holds anybody up: towards a node that does not keep up, batches are left out, and that node reads them from the log.
/// </summary>
internal sealed class PeerFeed : IAsyncDisposable
{
    /// <summary>The most bytes that wait for a node; beyond it batches are left out.</summary>
    public const int MaximumWaitingBytes = 16 * 1024 * 1024;

    /// <summary>About as many bytes go in one message.</summary>
    private const int MessageBytes = 1024 * 1024;

    private readonly NodeId _self;
    private readonly INodeEndpoint _endpoint;
    private readonly Lock _lock = new();
    private readonly Queue<RecordBatch> _waiting = new();
    private readonly WakeUp _work = new();
    private readonly BackgroundLoop _loop;
    private int _waitingBytes;

    public PeerFeed(NodeId self, INodeEndpoint endpoint, Action<Exception> onFatal)
    {
        _self = self;
        _endpoint = endpoint;
        _loop = new BackgroundLoop(RunAsync, onFatal);
    }

    /// <summary>Sends a batch as soon as it can be sent, or not at all.</summary>
    public void Offer(RecordBatch batch)
    {
        lock (_lock)
        {
            if (_waitingBytes + batch.Body.Length > MaximumWaitingBytes || !batch.TryAddReference())
            {
                return;
            }

            _waiting.Enqueue(batch);
            _waitingBytes += batch.Body.Length;
        }

        _work.Signal();
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var batch))
            {
                batch.Release();
            }
        }

        _work.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _work.WaitAsync(cancellationToken).ConfigureAwait(false);
            while (Take() is { Length: > 0 } batches)
            {
                try
                {
                    await _endpoint.PushAsync(new PushedBatches(_self, batches)).ConfigureAwait(false);
                }
                catch (PeerUnavailableException)
                {
                    // It reads what it missed, when it is there again.
                }
            }
        }
    }

    private PushedBatch[] Take()
    {
        var taken = new List<PushedBatch>();
        lock (_lock)
        {
            for (var bytes = 0; bytes < MessageBytes && _waiting.TryDequeue(out var batch); bytes += batch.Body.Length)
            {
                taken.Add(new PushedBatch(batch.Partition, batch.BaseOffset, batch.Count, batch.LastReceivedAtMilliseconds, batch.Body.ToArray()));
                _waitingBytes -= batch.Body.Length;
                batch.Release();
            }
        }

        return [.. taken];
    }
}
