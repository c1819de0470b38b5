using Holdfast.Broker.Sessions;
using Holdfast.Log.Batches;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Delivery;

/// <summary>
/// Runs on the delivery thread. Inside the <see cref="Gate"/> it acknowledges each committed group to its publishers, folds it into the
/// retained messages, and pushes it to the sessions that are live; what that has written is sent afterwards. Whoever must see the world as of one position (a new subscription, a
/// session that joins or leaves) takes the gate. In a cluster committed batches come from every owner of a partition (<see cref="ICommitSink"/>), one delivery at a time.
/// </summary>
internal sealed class Dispatcher : ICommittedGroupHandler, ICommitFeed, ICommitSink
{
    private readonly SessionServices _services;
    private readonly Action<Exception> _onFatal;
    private readonly long[] _dispatched;
    private readonly long[] _announced;

    /// <summary>Held while something is delivered. Outside the <see cref="Gate"/>.</summary>
    private readonly Lock _delivering = new();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>For readers that want one partition only, as those of a device do: ten thousand of them are not woken by what is none of their business.</summary>
    private readonly TaskCompletionSource?[] _newsOf;

    public Dispatcher(SessionServices services, Action<Exception> onFatal)
    {
        _services = services;
        _onFatal = onFatal;
        _dispatched = new long[services.Log.PartitionCount];
        _announced = new long[services.Log.PartitionCount];
        _newsOf = new TaskCompletionSource?[services.Log.PartitionCount];
        for (var partition = 0; partition < _dispatched.Length; partition++)
        {
            _dispatched[partition] = services.Log.CommittedOffset(partition);
            _announced[partition] = _dispatched[partition];
        }
    }

    /// <summary>See the class. Taken before a session's lock, never inside one.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The next offset of each partition to be dispatched. Read it inside the gate; copy it to keep it.</summary>
    public long[] Dispatched => _dispatched;

    /// <summary>Set when the process shuts down or is fatal: nothing more is sent.</summary>
    public bool IsFatal { get; private set; }

    public long AnnouncedOffset(int partition) => Volatile.Read(ref _announced[partition]);

    /// <summary>A copy of what is announced.</summary>
    public long[] Announced()
    {
        var copy = new long[_announced.Length];
        for (var partition = 0; partition < copy.Length; partition++)
        {
            copy[partition] = AnnouncedOffset(partition);
        }

        return copy;
    }

    /// <summary>Completes with the next batch that is delivered. Take it before looking at what was delivered so far.</summary>
    public Task NextNews => Volatile.Read(ref _news).Task;

    public async Task WaitAsync(ReadOnlyMemory<long> positions, CancellationToken cancellationToken)
    {
        var only = OnlyWanted(positions.Span);
        while (true)
        {
            var news = only < 0 ? Volatile.Read(ref _news) : NewsOf(only);
            for (var partition = 0; partition < positions.Length; partition++)
            {
                if (AnnouncedOffset(partition) > positions.Span[partition])
                {
                    return;
                }
            }

            await news.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void OnGroup(CommittedGroup group)
    {
        _services.Monitor.OnGroup(group.Status);
        lock (_delivering)
        {
            lock (Gate)
            {
                // Acknowledged inside the gate: whoever subscribes because of the acknowledgement finds the message folded in already.
                group.Complete();
                foreach (var batch in group.Batches)
                {
                    DispatchWhole(batch);
                }
            }

            _services.DeliveryTouched.Flush();
        }

        if (group.Batches.Count > 0)
        {
            foreach (var batch in group.Batches)
            {
                TellReadersOf(batch.Partition);
            }

            TellReaders();
        }
    }

    /// <inheritdoc/>
    public void Complete(AppendStatus status, Action complete)
    {
        _services.Monitor.OnGroup(status);
        lock (_delivering)
        {
            lock (Gate)
            {
                complete();
            }

            _services.DeliveryTouched.Flush();
        }
    }

    /// <inheritdoc/>
    public bool TryDeliver(RecordBatch batch)
    {
        lock (_delivering)
        {
            lock (Gate)
            {
                var next = _dispatched[batch.Partition];
                if (batch.BaseOffset != next)
                {
                    return batch.NextOffset <= next;
                }

                DispatchWhole(batch);
            }

            _services.DeliveryTouched.Flush();
        }

        TellReadersOf(batch.Partition);
        TellReaders();
        return true;
    }

    /// <inheritdoc/>
    public bool TryPass(int partition, long from, long to, long version)
    {
        lock (Gate)
        {
            var next = _dispatched[partition];
            if (to <= next)
            {
                return true;
            }

            // Inside the gate: a subscription that is live by now was told to the relay before.
            if (from > next || !(_services.Relay?.NeededVersion <= version))
            {
                return false;
            }

            _dispatched[partition] = to;
            Volatile.Write(ref _announced[partition], to);
        }

        TellReaders();
        return true;
    }

    /// <inheritdoc/>
    public void RouteDirect(ReadOnlySpan<byte> records) => new DirectRouter(_services).Route(records);

    /// <inheritdoc/>
    public void SkipTo(int partition, long offset)
    {
        lock (Gate)
        {
            _dispatched[partition] = Math.Max(_dispatched[partition], offset);
            Volatile.Write(ref _announced[partition], _dispatched[partition]);
        }

        TellReadersOf(partition);
        TellReaders();
    }

    public void OnFatal(Exception exception)
    {
        IsFatal = true;
        _onFatal(exception);
    }

    /// <summary>The one partition that a reader wants; -1 when it wants several.</summary>
    private static int OnlyWanted(ReadOnlySpan<long> positions)
    {
        var only = positions.IndexOfAnyExcept(long.MaxValue);
        return only >= 0 && positions[(only + 1)..].ContainsAnyExcept(long.MaxValue) ? -1 : only;
    }

    private TaskCompletionSource NewsOf(int partition)
    {
        if (Volatile.Read(ref _newsOf[partition]) is { } news)
        {
            return news;
        }

        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _newsOf[partition], made, null) ?? made;
    }

    private void TellReadersOf(int partition) => Interlocked.Exchange(ref _newsOf[partition], null)?.SetResult();

    private void TellReaders()
        => Interlocked.Exchange(ref _news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    private void DispatchWhole(RecordBatch batch)
    {
        Dispatch(batch);
        _dispatched[batch.Partition] = batch.NextOffset;
        Volatile.Write(ref _announced[batch.Partition], batch.NextOffset);
    }

    private void Dispatch(RecordBatch batch)
    {
        foreach (var view in batch)
        {
            if (view.Kind != RecordKind.Publish)
            {
                continue;
            }

            var record = PublishRecord.Read(view);
            if (record.Retain)
            {
                _services.Retained.Apply(view);
            }

            foreach (ref readonly var match in _services.Subscriptions.Match(record.Product, record.Topic).Subscribers)
            {
                match.Subscriber.DeliverLive(view, record, new DeliveryTerms(match), _dispatched, _services.DeliveryTouched);
            }
        }
    }
}
