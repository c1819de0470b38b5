using Holdfast.Log.Batches;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Cluster.Appending;

/// <summary>
/// What this node has to append to one partition: records that gather, and at most one request that is sealed. A sealed request keeps its number until the partition's
/// owner, this one or the next, has answered it.
/// </summary>
internal sealed class PartitionOutbox(int partition, int maximumOpenBytes, TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly OpenBatch _open = new();
    private List<Waiter> _waiters = [];
    private SealedRequest? _sealed;
    private bool _isInFlight;
    private long _number;
    private long _openSince;

    /// <summary>When the oldest append that is not answered came, as a time stamp of the clock; 0 when there is none.</summary>
    public long OldestSince
    {
        get
        {
            lock (_lock)
            {
                return _sealed?.Since ?? (_waiters.Count + _open.Count == 0 ? 0 : _openSince);
            }
        }
    }

    /// <summary>Whether an append would be refused as busy.</summary>
    public bool IsFull
    {
        get
        {
            lock (_lock)
            {
                return _open.Bytes >= maximumOpenBytes;
            }
        }
    }

    public AppendAdmission TryAppend(in PublishRecord record, ICommitObserver? observer, ulong token)
    {
        lock (_lock)
        {
            if (_open.Bytes >= maximumOpenBytes)
            {
                return AppendAdmission.Busy;
            }

            Begin();
            record.WriteTo(_open.Reserve(record.Size, record.ReceivedAtMilliseconds));
            Wait(observer, token, _open.Count - 1);
            return AppendAdmission.Accepted;
        }
    }

    public AppendAdmission TryAppend(in SessionRecord record, ICommitObserver? observer, ulong token)
    {
        lock (_lock)
        {
            if (_open.Bytes >= maximumOpenBytes)
            {
                return AppendAdmission.Busy;
            }

            Begin();
            record.WriteTo(_open.Reserve(record.Length, record.ReceivedAtMilliseconds));
            Wait(observer, token, _open.Count - 1);
            return AppendAdmission.Accepted;
        }
    }

    /// <returns>False when nothing is on its way that the observer could wait for.</returns>
    public bool AppendMarker(ICommitObserver observer, ulong token)
    {
        lock (_lock)
        {
            if (_sealed is null && _waiters.Count + _open.Count == 0)
            {
                return false;
            }

            Begin();
            Wait(observer, token, index: -1);
            return true;
        }
    }

    /// <summary>Takes the request that is to be sent: the sealed one again, or what has gathered. It stays in flight until it is confirmed or put back.</summary>
    public SealedRequest? TryTake()
    {
        lock (_lock)
        {
            if (_isInFlight || (_sealed is null && _waiters.Count + _open.Count == 0))
            {
                return null;
            }

            _isInFlight = true;
            return _sealed ??= Seal();
        }
    }

    /// <summary>The request was not stored; it will be sent again.</summary>
    public void PutBack()
    {
        lock (_lock)
        {
            _isInFlight = false;
        }
    }

    /// <summary>The request was answered.</summary>
    public void Confirm()
    {
        lock (_lock)
        {
            _sealed = null;
            _isInFlight = false;
        }
    }

    public void Dispose() => _open.Dispose();

    private void Begin()
    {
        if (_waiters.Count + _open.Count == 0)
        {
            _openSince = time.GetTimestamp();
        }
    }

    private void Wait(ICommitObserver? observer, ulong token, int index)
    {
        if (observer is not null)
        {
            _waiters.Add(new Waiter(observer, token, index));
        }
    }

    private SealedRequest Seal()
    {
        var records = Array.Empty<byte>();
        var count = _open.Count;
        if (count > 0)
        {
            var batch = _open.Seal(partition, 0, epoch: 0);
            records = batch.Body.ToArray();
            batch.Release();
            _number++;
        }

        var waiters = _waiters;
        _waiters = new List<Waiter>(Math.Min(waiters.Count, 1024));
        return new SealedRequest(partition, _number, records, count, waiters, _openSince);
    }
}

/// <summary>Who waits for a record.</summary>
/// <param name="Observer">Who.</param>
/// <param name="Token">What it wants to hear back.</param>
/// <param name="Index">The record's place in the request; -1 for none.</param>
internal readonly record struct Waiter(ICommitObserver Observer, ulong Token, int Index);

/// <summary>A request that is on its way.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Number">Its number; of a request without records, that of the one before.</param>
/// <param name="Records">Encoded records.</param>
/// <param name="Count">How many; 0 when somebody only waits for what was before.</param>
/// <param name="Waiters">Who waits.</param>
/// <param name="Since">When its first record came.</param>
internal sealed record SealedRequest(int Partition, long Number, byte[] Records, int Count, IReadOnlyList<Waiter> Waiters, long Since)
{
    /// <summary>Tells everybody who waits.</summary>
    public void Complete(AppendStatus status, long[]? offsets)
    {
        foreach (var waiter in Waiters)
        {
            var offset = status != AppendStatus.Appended || waiter.Index < 0 || offsets is null ? -1 : offsets[waiter.Index];
            waiter.Observer.OnCompleted(waiter.Token, Partition, offset, status);
        }
    }
}
