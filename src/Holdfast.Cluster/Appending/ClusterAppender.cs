using Holdfast.Broker.Delivery;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Cluster.Appending;

/// <summary>
/// Takes this node's records to the owners of their partitions. For each partition at most one request is on its way, so the order holds; for each owner
/// at most one, with all partitions in it. A request without an answer is repeated to whoever owns the partition then; its number keeps it from being stored twice.
/// </summary>
internal sealed class ClusterAppender : IRecordAppender, IAsyncDisposable
{
    private readonly OwnerTable _owners;
    private readonly Func<NodeId, OwnerSender> _makeSender;
    private readonly TimeProvider _time;
    private readonly PartitionOutbox[] _outboxes;
    private readonly OwnerSender?[] _senders;
    private readonly Dictionary<NodeId, OwnerSender> _all = [];
    private readonly Lock _lock = new();
    private TaskCompletionSource _ownersChange = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates the appender.</summary>
    /// <param name="owners">Who owns what.</param>
    /// <param name="endpointOf">The way to a node, this one included.</param>
    /// <param name="self">This node.</param>
    /// <param name="onFenced">Called when an owner says that this node was taken for dead.</param>
    /// <param name="onFatal">Called when the appender cannot go on: the process must end.</param>
    /// <param name="time">The clock.</param>
    public ClusterAppender(OwnerTable owners, Func<NodeId, INodeEndpoint> endpointOf, NodeId self, Action onFenced, Action<Exception> onFatal, TimeProvider time)
    {
        _owners = owners;
        _time = time;
        _outboxes = [.. Enumerable.Range(0, owners.PartitionCount).Select(partition => new PartitionOutbox(partition, GroupCommitter.MaximumOpenBytes, time))];
        _senders = new OwnerSender?[owners.PartitionCount];
        _makeSender = owner => new OwnerSender(owner, self, endpointOf(owner), this, onFenced, onFatal, time);
        owners.Changed += FindSenders;
    }

    /// <summary>Where completions run.</summary>
    public ICommitSink? Sink { get; set; }

    /// <inheritdoc/>
    public long Groups => 0;

    /// <inheritdoc/>
    public TimeSpan OldestPendingAge
    {
        get
        {
            var oldest = long.MaxValue;
            foreach (var outbox in _outboxes)
            {
                oldest = outbox.OldestSince is > 0 and var since ? Math.Min(oldest, since) : oldest;
            }

            return oldest == long.MaxValue ? TimeSpan.Zero : _time.GetElapsedTime(oldest);
        }
    }

    /// <inheritdoc/>
    public AppendAdmission TryAppend(int partition, ref PublishRecord record, ICommitObserver? observer, ulong token, long answeredAt = long.MaxValue)
    {
        var admission = _outboxes[partition].TryAppend(record, observer, token);
        Volatile.Read(ref _senders[partition])?.Signal();
        return admission;
    }

    /// <inheritdoc/>
    public AppendAdmission TryAppend(int partition, in SessionRecord record, ICommitObserver? observer, ulong token)
    {
        var admission = _outboxes[partition].TryAppend(record, observer, token);
        Volatile.Read(ref _senders[partition])?.Signal();
        return admission;
    }

    /// <inheritdoc/>
    public void AppendMarker(int partition, ICommitObserver observer, ulong token)
    {
        if (_outboxes[partition].AppendMarker(observer, token))
        {
            Volatile.Read(ref _senders[partition])?.Signal();
            return;
        }

        // Not here: the caller may hold a session's lock.
        ThreadPool.UnsafeQueueUserWorkItem(_ => Sink?.Complete(AppendStatus.Appended, () => observer.OnCompleted(token, partition, -1, AppendStatus.Appended)), null);
    }

    /// <inheritdoc/>
    public Task WhenRoomAsync()
    {
        var room = Volatile.Read(ref _room).Task;

        // It may have been taken between the refusal and this call.
        return Array.Exists(_outboxes, outbox => outbox.IsFull) ? room : Task.CompletedTask;
    }

    /// <summary>Everything that can be sent to an owner now.</summary>
    public List<SealedRequest> TakeFor(NodeId owner)
    {
        var taken = new List<SealedRequest>();
        for (var partition = 0; partition < _outboxes.Length; partition++)
        {
            if (_owners.OwnerOf(partition) == owner && _outboxes[partition].TryTake() is { } request)
            {
                taken.Add(request);
            }
        }

        if (taken.Count > 0)
        {
            Interlocked.Exchange(ref _room, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }

        return taken;
    }

    /// <summary>Completes when a partition gets another owner, or none.</summary>
    public Task WhenOwnersChange() => Volatile.Read(ref _ownersChange).Task;

    /// <summary>Whether another node says to own a partition.</summary>
    public bool HasMovedFrom(NodeId owner, int partition) => _owners.OwnerOf(partition) is { } other && other != owner;

    /// <summary>Makes room for the next request of a partition. Whoever owns it by now did not find it before, as long as this one was on its way.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="sender">Who sent the request; it looks for the next one by itself.</param>
    public void Confirm(int partition, OwnerSender sender)
    {
        _outboxes[partition].Confirm();
        if (Volatile.Read(ref _senders[partition]) is { } next && next != sender)
        {
            next.Signal();
        }
    }

    /// <summary>Gives a request back that was not stored, to be sent to whoever owns the partition then.</summary>
    public void PutBack(int partition)
    {
        _outboxes[partition].PutBack();
        Volatile.Read(ref _senders[partition])?.Signal();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _owners.Changed -= FindSenders;
        OwnerSender[] all;
        lock (_lock)
        {
            all = [.. _all.Values];
        }

        foreach (var sender in all)
        {
            await sender.DisposeAsync().ConfigureAwait(false);
        }

        foreach (var outbox in _outboxes)
        {
            outbox.Dispose();
        }
    }

    private void FindSenders()
    {
        lock (_lock)
        {
            for (var partition = 0; partition < _senders.Length; partition++)
            {
                var sender = _owners.OwnerOf(partition) is { } owner ? SenderTo(owner) : null;
                Volatile.Write(ref _senders[partition], sender);
                sender?.Signal();
            }
        }

        Interlocked.Exchange(ref _ownersChange, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private OwnerSender SenderTo(NodeId owner)
    {
        if (!_all.TryGetValue(owner, out var sender))
        {
            _all.Add(owner, sender = _makeSender(owner));
        }

        return sender;
    }
}
