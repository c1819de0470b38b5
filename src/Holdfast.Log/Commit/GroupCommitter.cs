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
public sealed class GroupCommitter : IAsyncDisposable
{
    /// <summary>The most bytes that wait in one partition's open batch.</summary>
    public const int MaximumOpenBytes = 512 * 1024;

    /// <summary>The most committed groups that wait for delivery; beyond it committing waits.</summary>
    public const int MaximumUndeliveredGroups = 4;

    /// <summary>How long a group may wait to fill before it is flushed.</summary>
    public static readonly TimeSpan GatheringTime = TimeSpan.FromMilliseconds(2);

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
    private long _refusedGroups;
    private volatile bool _stopping;

    /// <summary>Creates the committer; <see cref="Start"/> starts it.</summary>
    /// <param name="log">The log. Nobody else may append to it.</param>
    /// <param name="handler">Takes committed groups.</param>
    /// <param name="time">The clock.</param>
    public GroupCommitter(IPartitionLog log, ICommittedGroupHandler handler, TimeProvider time)
    {
        _log = log;
        _handler = handler;
        _time = time;
        _arrivals = new ArrivalRate(time);
        _partitions = new PartitionAppender[log.PartitionCount];
        for (var partition = 0; partition < _partitions.Length; partition++)
        {
            _partitions[partition] = new PartitionAppender(partition, log.CommittedOffset(partition), MaximumOpenBytes);
        }

        _commitThread = new Thread(CommitLoop) { IsBackground = true, Name = "holdfast commit" };
        _deliveryThread = new Thread(DeliveryLoop) { IsBackground = true, Name = "holdfast delivery" };
    }

    /// <summary>How long the commit thread has been busy with one group, the hand-over to delivery included; zero when it waits for work.</summary>
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

    /// <summary>How many groups were taken for committing. An observer remembers it when it hears of a commit, for its next append.</summary>
    public long Groups => Volatile.Read(ref _groups);

    /// <summary>Starts the two threads.</summary>
    public void Start()
    {
        _commitThread.Start();
        _deliveryThread.Start();
    }

    /// <summary>Appends a message, unless its sequence was seen: then the observer hears of the commit of what was seen.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="record">The message. It is copied; <see cref="PublishRecord.PossibleDuplicate"/> may be set.</param>
    /// <param name="observer">Hears the outcome; null when nobody waits.</param>
    /// <param name="token">What the observer wants to hear back.</param>
    /// <param name="answeredAt">
    /// <see cref="Groups"/> when the publisher last heard of a commit. One that has not heard for long is not waiting for an answer to go on; its
    /// message may be held back for <see cref="GatheringTime"/>, so that one flush serves many.
    /// </param>
    public AppendAdmission TryAppend(int partition, ref PublishRecord record, ICommitObserver? observer, ulong token, long answeredAt = long.MaxValue)
    {
        var admission = _partitions[partition].TryAppend(ref record, observer, token);
        SignalWork(admission == AppendAdmission.Accepted && Groups - answeredAt > RecentGroups ? Signal.MayGather : Signal.AtOnce);
        return admission;
    }

    /// <summary>Appends a step of a QoS 2 exchange, or a probe.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="record">The step.</param>
    /// <param name="observer">Hears the outcome; null when nobody waits.</param>
    /// <param name="token">What the observer wants to hear back.</param>
    public AppendAdmission TryAppend(int partition, in SessionRecord record, ICommitObserver? observer, ulong token)
    {
        var admission = _partitions[partition].TryAppend(record, observer, token);
        SignalWork(Signal.AtOnce);
        return admission;
    }

    /// <summary>Lets the observer hear when everything that was appended to the partition before is committed.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="observer">Hears the outcome.</param>
    /// <param name="token">What the observer wants to hear back.</param>
    public void AppendMarker(int partition, ICommitObserver observer, ulong token)
    {
        _partitions[partition].AppendMarker(observer, token);
        SignalWork(Signal.AtOnce);
    }

    /// <summary>Completes when the open batches were taken, so that a busy append may be tried again.</summary>
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

    /// <summary>How many groups were refused since the start. A change tells that appended records may have been undone.</summary>
    public long RefusedGroups => Volatile.Read(ref _refusedGroups);

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
        Interlocked.Increment(ref _refusedGroups);
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
