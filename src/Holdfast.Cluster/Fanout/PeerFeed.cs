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
    private readonly Queue<Waiting> _waiting = new();

    /// <summary>Of each partition the offsets that wait, as long as nothing of the partition waits behind them.</summary>
    private readonly Dictionary<int, Waiting> _offsets = [];
    private readonly WakeUp _work = new();
    private readonly BackgroundLoop _loop;
    private int _waitingBytes;
    private long _offeredBytes;

    public PeerFeed(NodeId self, INodeEndpoint endpoint, Action<Exception> onFatal)
    {
        _self = self;
        _endpoint = endpoint;
        _loop = new BackgroundLoop(RunAsync, onFatal);
    }

    /// <summary>The node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>Bytes of records that were taken to be sent.</summary>
    public long OfferedBytes => Interlocked.Read(ref _offeredBytes);

    /// <summary>Sends a batch as soon as it can be sent, or not at all.</summary>
    public void Offer(RecordBatch batch)
    {
        lock (_lock)
        {
            if (_waitingBytes + batch.Body.Length > MaximumWaitingBytes || !batch.TryAddReference())
            {
                return;
            }

            _offsets.Remove(batch.Partition);
            _waiting.Enqueue(new Waiting { Batch = batch, Partition = batch.Partition, From = batch.BaseOffset, To = batch.NextOffset });
            _waitingBytes += batch.Body.Length;
            Interlocked.Add(ref _offeredBytes, batch.Body.Length);
        }

        _work.Signal();
    }

    /// <summary>Tells only the offsets of a batch. Those of batches that follow each other are told together, so that few wait whatever comes.</summary>
    /// <param name="batch">The batch, which does not concern the node.</param>
    /// <param name="version">Which version of its filters was judged by.</param>
    public void OfferOffsets(RecordBatch batch, long version)
    {
        lock (_lock)
        {
            if (!_offsets.TryGetValue(batch.Partition, out var last))
            {
                last = new Waiting { Partition = batch.Partition, From = batch.BaseOffset, To = batch.BaseOffset, Version = version };
                _offsets.Add(batch.Partition, last);
                _waiting.Enqueue(last);
            }

            // A batch between the two was left out: the node finds that something is missing when its owner says how far it is.
            if (last.To == batch.BaseOffset)
            {
                last.To = batch.NextOffset;
                last.Version = Math.Min(last.Version, version);
            }
        }

        _work.Signal();
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var waiting))
            {
                waiting.Batch?.Release();
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
            for (var bytes = 0; bytes < MessageBytes && _waiting.TryDequeue(out var waiting);)
            {
                if (waiting.Batch is not { } batch)
                {
                    _offsets.Remove(waiting.Partition);
                    taken.Add(new PushedBatch(waiting.Partition, waiting.From, (int)(waiting.To - waiting.From), 0, []) { JudgedBy = waiting.Version });
                    continue;
                }

                taken.Add(new PushedBatch(batch.Partition, batch.BaseOffset, batch.Count, batch.LastReceivedAtMilliseconds, batch.Body.ToArray()));
                bytes += batch.Body.Length;
                _waitingBytes -= batch.Body.Length;
                batch.Release();
            }
        }

        return [.. taken];
    }

    /// <summary>What waits to be sent: a batch, or only offsets.</summary>
    private sealed class Waiting
    {
        public RecordBatch? Batch { get; init; }

        public required int Partition { get; init; }

        public required long From { get; init; }

        public required long To { get; set; }

        public long Version { get; set; }
    }
}
