using Holdfast.Broker.Connections;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// Takes one subscriber that is behind through the log, until it has caught up or is no longer this reader's. It costs a task and one read's
/// batches while it runs, whatever is waiting.
/// </summary>
internal abstract class LogReader(SessionServices services, LogSubscriber subscriber)
{
    /// <summary>How much is read at a time.</summary>
    private const int ReadBytes = 256 * 1024;

    /// <summary>Whether the subscriber is still this reader's. The caller holds its lock.</summary>
    protected abstract bool IsCurrent { get; }

    /// <summary>Whether something other than the log's records is to be sent first. The caller holds the subscriber's lock.</summary>
    protected abstract bool HasOther { get; }

    protected SessionServices Services => services;

    /// <summary>Outputs that were written to and not flushed.</summary>
    protected TouchedOutputs Touched { get; } = new();

    /// <summary>Runs on the thread pool until there is nothing left to do.</summary>
    public async Task RunAsync()
    {
        try
        {
            Begin();
            while (true)
            {
                var progress = await SendOtherAsync().ConfigureAwait(false) && await ReadLogAsync().ConfigureAwait(false);
                var joined = progress && TryJoin();
                Touched.Flush();
                if (joined)
                {
                    return;
                }

                if ((!progress || IsAheadOfFeed()) && !await WaitAsync().ConfigureAwait(false))
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or ObjectDisposedException)
        {
            OnFailed(exception);
        }
    }

    /// <summary>Before anything else.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>Sends what comes before the log's records.</summary>
    /// <returns>False when the subscriber is no longer ours or cannot take more now.</returns>
    protected abstract Task<bool> SendOtherAsync();

    /// <summary>What to wait for until the subscriber can take more. Called after the wake-up was armed, so that nothing is missed.</summary>
    /// <returns>Null for no waiting.</returns>
    protected abstract Task? BlockedBy(Task woken);

    /// <summary>The log could not be read.</summary>
    protected abstract void OnFailed(Exception exception);

    /// <summary>Waits until somebody or the log may have something for us.</summary>
    /// <returns>False when the subscriber is no longer ours.</returns>
    private async Task<bool> WaitAsync()
    {
        Task woken;
        lock (subscriber.Lock)
        {
            if (!IsCurrent)
            {
                return false;
            }

            woken = subscriber.WhenWokenAsync();
        }

        var news = services.Feed.NextNews;
        if (BlockedBy(woken) is { } blocked)
        {
            await blocked.ConfigureAwait(false);
        }
        else if (IsAheadOfFeed())
        {
            await Task.WhenAny(woken, news).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Whether the subscriber, coming from another node, has seen more of a partition than this node has heard of.</summary>
    private bool IsAheadOfFeed()
    {
        lock (subscriber.Lock)
        {
            for (var partition = 0; IsCurrent && partition < services.Log.PartitionCount; partition++)
            {
                if (subscriber.Reads(partition) && subscriber.Positions![partition] > services.Feed.AnnouncedOffset(partition))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Reads every partition up to what is announced.</summary>
    /// <returns>False when the subscriber is no longer ours or cannot take more now.</returns>
    private async Task<bool> ReadLogAsync()
    {
        for (var partition = 0; partition < services.Log.PartitionCount; partition++)
        {
            while (true)
            {
                long from, announced;
                IReadOnlySet<ulong>? keys;
                lock (subscriber.Lock)
                {
                    if (!IsCurrent)
                    {
                        return false;
                    }

                    if (!subscriber.Reads(partition))
                    {
                        break;
                    }

                    from = subscriber.Positions![partition];
                    keys = subscriber.Keys;

                    // What is announced later may be wanted by a subscription that these keys do not know yet.
                    announced = services.Feed.AnnouncedOffset(partition);
                }

                if (from >= announced)
                {
                    break;
                }

                if (!Partitioning.MayHold(partition, keys, services.Log.PartitionCount))
                {
                    if (!TryMoveTo(partition, announced))
                    {
                        return false;
                    }

                    break;
                }

                using var read = await services.Log.ReadAsync(partition, from, keys, ReadBytes, CancellationToken.None).ConfigureAwait(false);
                if (!Send(partition, from, announced, keys, read))
                {
                    return false;
                }

                Touched.Flush();
            }
        }

        return true;
    }

    /// <summary>Sends what a read found, and moves the subscriber's position.</summary>
    /// <returns>False when the subscriber is no longer ours or cannot take more now.</returns>
    private bool Send(int partition, long from, long announced, IReadOnlySet<ulong>? keys, LogRead read)
    {
        if (read.Gap is { } gap)
        {
            services.CountUnread(gap.Reason, System.Text.Encoding.UTF8.GetString(subscriber.ProductUtf8), gap.ToOffset - gap.FromOffset);
        }

        // The dispatcher has not come to what is committed but not announced; it will push that, or a later read finds it. One value for the whole
        // read: what is announced while it is being sent was left out, and must not be passed over.
        var end = Math.Min(read.NextOffset, announced);
        foreach (var batch in read.Batches)
        {
            if (!Send(batch, from, end, keys))
            {
                return false;
            }
        }

        return TryMoveTo(partition, end);
    }

    private bool Send(RecordBatch batch, long from, long end, IReadOnlySet<ulong>? keys)
    {
        foreach (var view in batch)
        {
            if (view.Offset >= end)
            {
                return true;
            }

            if (view.Kind != RecordKind.Publish || view.Offset < from || keys?.Contains(view.KeyHash) == false)
            {
                continue;
            }

            var record = PublishRecord.Read(view);
            if (!record.Product.SequenceEqual(subscriber.ProductUtf8))
            {
                continue;
            }

            lock (subscriber.Lock)
            {
                if (!IsCurrent)
                {
                    return false;
                }

                var result = subscriber.TrySendRead(view, record, Touched);
                subscriber.Positions![view.Partition] = result == SendResult.Blocked ? view.Offset : view.Offset + 1;
                if (result == SendResult.Blocked)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool TryMoveTo(int partition, long next)
    {
        lock (subscriber.Lock)
        {
            if (!IsCurrent)
            {
                return false;
            }

            subscriber.Positions![partition] = Math.Max(subscriber.Positions[partition], next);
            return true;
        }
    }

    /// <summary>Becomes live. Inside the gate nothing is dispatched, so what is still missing is at most the groups that came meanwhile.</summary>
    /// <returns>True when there is nothing left to do for this reader.</returns>
    private bool TryJoin()
    {
        lock (services.Feed.Gate)
        {
            lock (subscriber.Lock)
            {
                if (!IsCurrent)
                {
                    return true;
                }

                if (HasOther || !CatchUpInsideGate())
                {
                    return false;
                }

                subscriber.BecomeLive();
                return true;
            }
        }
    }

    /// <summary>Sends the groups that were dispatched while we waited for the gate: they lie in memory. Under full load it could not join otherwise.</summary>
    private bool CatchUpInsideGate()
    {
        for (var partition = 0; partition < services.Log.PartitionCount; partition++)
        {
            if (!subscriber.Reads(partition))
            {
                continue;
            }

            var from = subscriber.Positions![partition];
            if (from >= services.Feed.Dispatched[partition])
            {
                if (from > services.Feed.Dispatched[partition])
                {
                    // What is between would be pushed to it a second time.
                    return false;
                }

                continue;
            }

            var keys = subscriber.Keys;
            if (!Partitioning.MayHold(partition, keys, services.Log.PartitionCount))
            {
                subscriber.Positions[partition] = services.Feed.Dispatched[partition];
                continue;
            }

            var reading = services.Log.ReadAsync(partition, from, null, ReadBytes, CancellationToken.None);
            if (!reading.IsCompletedSuccessfully)
            {
                _ = DisposeAsync(reading.AsTask());
                return false;
            }

            using var read = reading.Result;
            if (!Send(partition, from, services.Feed.AnnouncedOffset(partition), keys, read) || subscriber.Positions[partition] < services.Feed.Dispatched[partition])
            {
                return false;
            }
        }

        return true;
    }

    private static async Task DisposeAsync(Task<LogRead> reading) => (await reading.ConfigureAwait(false)).Dispose();
}
