using Holdfast.Cluster.Peers;
using Holdfast.Log.Batches;
using Holdfast.Log.Records;

namespace Holdfast.Cluster.Direct;

/// <summary>What this node sends to one other beside the log: its filters, and QoS 0 messages. One message at a time is on its way; meanwhile the next gathers.</summary>
internal sealed class DirectFeed : IAsyncDisposable
{
    /// <summary>The most bytes that wait for a node; beyond it messages are dropped, as towards a client that does not read.</summary>
    public const int MaximumWaitingBytes = 4 * 1024 * 1024;

    /// <summary>After a node did not answer.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly NodeId _self;
    private readonly INodeEndpoint _endpoint;
    private readonly InterestBook _book;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly OpenBatch _waiting = new();
    private readonly WakeUp _work = new();
    private readonly BackgroundLoop _loop;
    private long _dropped;
    private long _told = -1;
    private long _knownVersion;

    public DirectFeed(NodeId self, INodeEndpoint endpoint, InterestBook book, Action<Exception> onFatal, TimeProvider time)
    {
        _self = self;
        _endpoint = endpoint;
        _book = book;
        _time = time;
        _book.Changed += _work.Signal;
        _loop = new BackgroundLoop(RunAsync, onFatal);
        _work.Signal();
    }

    /// <summary>The node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>Up to which version the node's filters are known; 0 while they are not, and perhaps will not be.</summary>
    public long KnownVersion
    {
        get => Volatile.Read(ref _knownVersion);
        set => Volatile.Write(ref _knownVersion, value);
    }

    /// <summary>Products of which the node has filters.</summary>
    public HashSet<string> Products { get; } = [];

    /// <summary>Messages that were dropped.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Sends a message soon, or drops it.</summary>
    public void Offer(in PublishRecord record)
    {
        lock (_lock)
        {
            if (_waiting.Bytes + record.Size > MaximumWaitingBytes)
            {
                Interlocked.Increment(ref _dropped);
                return;
            }

            record.WriteTo(_waiting.Reserve(record.Size, record.ReceivedAtMilliseconds));
        }

        _work.Signal();
    }

    public async ValueTask DisposeAsync()
    {
        _book.Changed -= _work.Signal;
        await _loop.DisposeAsync().ConfigureAwait(false);
        _waiting.Dispose();
        _work.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _work.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await TellAsync().ConfigureAwait(false);
                if (Take() is { } records)
                {
                    await _endpoint.RelayAsync(new DirectMessages(records)).ConfigureAwait(false);
                }
            }
            catch (PeerUnavailableException)
            {
                // It may not have heard the last changes; messages of QoS 0 are lost.
                _told = -1;
                await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
                _work.Signal();
            }
        }
    }

    private async Task TellAsync()
    {
        var version = _told;
        var changes = _book.Since(ref version, out var isWhole);
        if (isWhole || changes.Length > 0)
        {
            var isKnown = await _endpoint.HearInterestAsync(new Interest(_self, isWhole, changes) { Version = version }).ConfigureAwait(false);
            _told = isKnown ? version : -1;
            if (!isKnown)
            {
                // It has forgotten what it was told before.
                _work.Signal();
            }
        }
    }

    private byte[]? Take()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return null;
            }

            var batch = _waiting.Seal(0, 0, epoch: 0);
            var records = batch.Body.ToArray();
            batch.Release();
            return records;
        }
    }
}
