using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Log.State;

namespace Holdfast.Log.Commit;

/// <summary>
/// Group commit. While one group is flushed by the commit thread the next one fills; committed groups go to the delivery thread, which tells
/// the publishers and the subscribers. A small group that finds the delivery thread idle is delivered by the commit thread itself: waking another would
/// cost more. When appends come from many publishers that do not wait for each other, a group is given a moment to fill. Back-pressure is the open
/// batch's size: an append is refused as busy, never dropped, and the reader waits without a thread.
/// </summary>
public sealed class GroupCommitter : IRecordAppender, IAsyncDisposable
{
    /// <summary>The most bytes that wait in one partition's open batch.</summary>
    public const int MaximumOpenBytes = 512 * 1024;

    /// <summary>The most committed groups that wait for delivery; beyond it committing waits.</summary>
    public const int MaximumUndeliveredGroups = 4;

    /// <summary>How long a group may wait to fill before it is flushed.</summary>
    public static readonly TimeSpan GatheringTime = TimeSpan.FromMilliseconds(1);

    /// <summary>Waiting pays when at least this many appends are expected meanwhile.</summary>
    private const double WorthGathering = 3;

    /// <summary>A group with at most this many waiting publishers is delivered by the commit thread.</summary>
    private const int SmallGroup = 64;

    /// <summary>A publisher whose answer was this few groups ago waits for each answer, or sends without pause; gathering would only slow it down.</summary>
    private const long RecentGroups = 3;

    private readonly IPartitionLog _log;
    private readonly ICommittedGroupHandler _handler;
    private readonly TimeProvider _time;
    private readonly PartitionAppender[] _partitions;
    private readonly DeliveryQueue _committed = new(MaximumUndeliveredGroups);
    private readonly AutoResetEvent _work = new(false);
    private readonly ArrivalRate _arrivals;
    private readonly Thread _commitThread;
    private readonly Thread _deliveryThread;
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Signal _signalled;
    private long _groups;
    private long _pendingSince;
    private long _undone;
    private volatile bool _stopping;

    /// <summary>Creates the committer; <see cref="Start"/> starts it.</summary>
    /// <param name="log">The log. Nobody else may append to it.</param>
    /// <param name="handler">Takes committed groups.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ownsAll">Whether every partition is this process's from the start; else <see cref="Reset"/> and <see cref="Own"/> tell.</param>
    public GroupCommitter(IPartitionLog log, ICommittedGroupHandler handler, TimeProvider time, bool ownsAll = true)
    {
        _log = log;
        _handler = handler;
        _time = time;
        _arrivals = new ArrivalRate(time);
        _partitions = new PartitionAppender[log.PartitionCount];
        for (var partition = 0; partition < _partitions.Length; partition++)
        {
            _partitions[partition] = new PartitionAppender(partition, log.CommittedOffset(partition), MaximumOpenBytes, ownsAll);
        }

        _commitThread = new Thread(CommitLoop) { IsBackground = true, Name = "holdfast commit" };
        _deliveryThread = new Thread(DeliveryLoop) { IsBackground = true, Name = "holdfast delivery" };
    }

    /// <inheritdoc/>
    /// <remarks>How long the commit thread has been busy with one group, the hand-over to delivery included.</remarks>
    public TimeSpan OldestPendingAge
    {
        get
        {
            var since = Volatile.Read(ref _pendingSince);
            return since == 0 ? TimeSpan.Zero : _time.GetElapsedTime(since);
        }
    }

    /// <summary>Why the commit thread is woken; the higher wins.</summary>
    private enum Signal
    {
        None,

        /// <summary>There is work that may wait for more.</summary>
        MayGather,

        /// <summary>There is work.</summary>
        AtOnce,
    }

    /// <inheritdoc/>
    public long Groups => Volatile.Read(ref _groups);

    /// <summary>Starts the two threads.</summary>
    public void Start()
    {
        _commitThread.Start();
        _deliveryThread.Start();
    }

    /// <inheritdoc/>
    public AppendAdmission TryAppend(int partition, ref PublishRecord record, ICommitObserver? observer, ulong token, long answeredAt = long.MaxValue)
    {
        var admission = _partitions[partition].TryAppend(ref record, observer, token);
        SignalWork(admission == AppendAdmission.Accepted && Groups - answeredAt > RecentGroups ? Signal.MayGather : Signal.AtOnce);
        return admission;
    }

    /// <inheritdoc/>
    public AppendAdmission TryAppend(int partition, in SessionRecord record, ICommitObserver? observer, ulong token)
    {
        var admission = _partitions[partition].TryAppend(record, observer, token);
        SignalWork(Signal.AtOnce);
        return admission;
    }

    /// <summary>Appends records of another node: all in one batch, or none.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="forwarded">The records.</param>
    /// <param name="offsets">At least as many as the records. The place of each, -1 for a duplicate; they hold if the commit succeeds.</param>
    /// <param name="observer">Hears the outcome.</param>
    /// <param name="token">What the observer wants to hear back.</param>
    public ForwardAdmission TryAppend(int partition, in ForwardedRecords forwarded, Span<long> offsets, ICommitObserver observer, ulong token)
    {
        var admission = _partitions[partition].TryAppend(forwarded, offsets, observer, token, _time.GetUtcNow().ToUnixTimeMilliseconds());
        SignalWork(Signal.AtOnce);
        return admission;
    }

    /// <summary>Takes nothing more for a partition; what was taken is committed, or refused, as ever.</summary>
    /// <param name="partition">The partition.</param>
    public void Disown(int partition) => _partitions[partition].Disown();

    /// <summary>Begins a partition anew behind what another owner has appended; its deduplication streams are to be loaded and replayed.</summary>
    /// <param name="partition">A partition that is disowned and has nothing waiting.</param>
    /// <param name="nextOffset">The offset of the next record.</param>
    /// <exception cref="InvalidOperationException">It is in use.</exception>
    public void Reset(int partition, long nextOffset)
    {
        _partitions[partition].Reset(nextOffset);
        Interlocked.Increment(ref _undone);
    }

    /// <summary>Takes records for a partition from now on.</summary>
    /// <param name="partition">The partition.</param>
    public void Own(int partition) => _partitions[partition].Own();

    /// <inheritdoc/>
    public void AppendMarker(int partition, ICommitObserver observer, ulong token)
    {
        _partitions[partition].AppendMarker(observer, token);
        SignalWork(Signal.AtOnce);
    }

    /// <inheritdoc/>
    /// <remarks>When the open batches were taken.</remarks>
    public Task WhenRoomAsync()
    {
        var room = Volatile.Read(ref _room).Task;

        // They may have been taken between the refusal and this call; with the signal they are taken once more in any case.
        SignalWork(Signal.AtOnce);
        return room;
    }

    /// <summary>The offset after everything that was appended, committed or not.</summary>
    /// <param name="partition">The partition.</param>
    public long AppendedOffset(int partition) => _partitions[partition].AppendedOffset;

    /// <summary>Restores a deduplication stream from a checkpoint, before <see cref="Start"/>.</summary>
    /// <param name="stream">The stream.</param>
    public void LoadStream(StoredStream stream) => _partitions[stream.Partition].LoadStream(stream);

    /// <summary>Folds a record into the deduplication streams again, before <see cref="Start"/>.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="record">The record.</param>
    public void Replay(int partition, in PublishRecord record) => _partitions[partition].Replay(record);

    /// <summary>Folds a batch of another owner in, before the partition is owned.</summary>
    /// <param name="batch">A committed batch.</param>
    /// <param name="from">Records before it are folded in already.</param>
    public void Replay(RecordBatch batch, long from) => _partitions[batch.Partition].Replay(batch, from);

    /// <summary>
    /// The streams that changed since the last call. They may hold sequences that are not yet committed: save them only once the partition is
    /// committed up to <paramref name="appendedOffset"/>, and put them back when a refusal came in between.
    /// </summary>
    /// <param name="partition">The partition.</param>
    /// <param name="appendedOffset">See the summary.</param>
    public IReadOnlyList<StoredStream> TakeStreamChanges(int partition, out long appendedOffset)
        => _partitions[partition].TakeStreamChanges(out appendedOffset);

    /// <summary>Marks streams as changed again.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="streams">What <see cref="TakeStreamChanges"/> returned.</param>
    public void PutBackStreamChanges(int partition, IReadOnlyList<StoredStream> streams) => _partitions[partition].PutBackStreamChanges(streams);

    /// <summary>
    /// How many groups were refused since the start, and partitions begun anew. A change tells that appended records may have been undone, or are another owner's to tell.
    /// </summary>
    public long RefusedGroups => Volatile.Read(ref _undone);

    /// <summary>The offset after everything of a partition that was appended here and is committed. What another owner commits afterwards does not count.</summary>
    /// <param name="partition">The partition.</param>
    public long CommittedOffset(int partition) => _partitions[partition].CommittedOffset;

    /// <summary>Commits and delivers what was appended, then ends the threads.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        _work.Set();
        await Task.Run(() =>
        {
            if (_commitThread.IsAlive)
            {
                _commitThread.Join();
                _deliveryThread.Join();
            }
        }).ConfigureAwait(false);
        foreach (var partition in _partitions)
        {
            partition.Dispose();
        }

        _work.Dispose();
    }

    private void SignalWork(Signal signal)
    {
        // What is signalled already needs no atomic operation: under load that is nearly always so.
        var before = _signalled;
        while (before < signal)
        {
            var seen = Interlocked.CompareExchange(ref _signalled, signal, before);
            if (seen == before)
            {
                _work.Set();
                return;
            }

            before = seen;
        }
    }

    private void CommitLoop()
    {
        try
        {
            while (true)
            {
                _work.WaitOne();
                Gather();
                var stop = _stopping;
                CommitOnce();
                if (stop)
                {
                    break;
                }
            }
        }
        catch (Exception exception)
        {
            _handler.OnFatal(exception);
        }
        finally
        {
            _committed.Complete();
        }
    }

    /// <summary>Lets the group fill, unless somebody waits for it.</summary>
    private void Gather()
    {
        if (_signalled == Signal.MayGather && _arrivals.ExpectedIn(GatheringTime) >= WorthGathering)
        {
            _work.WaitOne(GatheringTime);
        }
    }

    private void CommitOnce()
    {
        Volatile.Write(ref _pendingSince, _time.GetTimestamp());
        Volatile.Write(ref _groups, _groups + 1);

        // Cleared before the batches are taken: an append that comes later signals again.
        Interlocked.Exchange(ref _signalled, Signal.None);
        var group = new CommittedGroup();
        foreach (var partition in _partitions)
        {
            partition.TakeInto(group);
        }

        Interlocked.Exchange(ref _room, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        if (!group.IsEmpty)
        {
            _arrivals.Add(group.Waiting);
            Commit(group);
        }

        Volatile.Write(ref _pendingSince, 0);
    }

    private void Commit(CommittedGroup group)
    {
        var batches = group.ToAppend;
        if (batches.IsEmpty)
        {
            group.Status = AppendStatus.Appended;
        }
        else
        {
            var append = _log.AppendAsync(batches);
            group.Status = append.IsCompleted ? append.GetAwaiter().GetResult() : append.AsTask().GetAwaiter().GetResult();
        }

        if (group.Status == AppendStatus.Appended)
        {
            foreach (var batch in group.Batches)
            {
                _partitions[batch.Partition].Confirm(batch);
            }

            Deliver(group);
            return;
        }

        Refuse(group);
    }

    private void Deliver(CommittedGroup group)
    {
        // Nobody else adds, so an idle queue stays idle.
        if (group.Waiting > SmallGroup || !_committed.IsIdle)
        {
            _committed.Add(group);
            return;
        }

        Volatile.Write(ref _pendingSince, 0);
        _handler.OnGroup(group);
        group.Release();
    }

    /// <summary>
    /// Nothing is admitted between a refusal and the moment when all its observers have heard of it: who still believes in what was undone
    /// would build on it, and that would be committed.
    /// </summary>
    private void Refuse(CommittedGroup group)
    {
        Interlocked.Increment(ref _undone);
        using var handled = new ManualResetEventSlim();
        var meanwhile = new CommittedGroup { Status = group.Status, Handled = handled };
        for (var partition = 0; partition < _partitions.Length; partition++)
        {
            var refused = group.AllBatches.FirstOrDefault(batch => batch.Partition == partition);
            _partitions[partition].BeginRefusal(refused, meanwhile);
        }

        _committed.Add(group);
        _committed.Add(meanwhile);
        handled.Wait();

        var late = new CommittedGroup { Status = group.Status };
        foreach (var partition in _partitions)
        {
            partition.EndRefusal(late);
        }

        if (!late.IsEmpty)
        {
            _committed.Add(late);
        }
    }

    private void DeliveryLoop()
    {
        try
        {
            while (_committed.Take() is { } group)
            {
                try
                {
                    _handler.OnGroup(group);
                }
                finally
                {
                    group.Handled?.Set();
                }

                group.Release();
            }
        }
        catch (Exception exception)
        {
            _handler.OnFatal(exception);
        }
    }
}
