using Holdfast.Log.Batches;
using Holdfast.Log.Deduplication;
using Holdfast.Log.Records;
using Holdfast.Log.State;

namespace Holdfast.Log.Commit;

/// <summary>
/// One partition's open batch. Records are encoded once, into it; the commit thread takes it away whole. The lock is held for the copying of
/// one record only.
/// </summary>
internal sealed class PartitionAppender : IDisposable
{
    private readonly Lock _lock = new();
    private readonly int _partition;
    private readonly int _maximumOpenBytes;
    private readonly OpenBatch _open = new();
    private DeduplicationStreams _streams;
    private PendingCompletions _completions = PendingCompletions.Rent();
    private long _nextBaseOffset;
    private long _committed;
    private bool _refusing;
    private bool _isOwned;

    public PartitionAppender(int partition, long nextOffset, int maximumOpenBytes, bool isOwned)
    {
        _isOwned = isOwned;
        _partition = partition;
        _nextBaseOffset = nextOffset;
        _committed = nextOffset;
        _maximumOpenBytes = maximumOpenBytes;
        _streams = new DeduplicationStreams(partition);
    }

    /// <summary>The offset after everything that was taken and is not refused.</summary>
    public long AppendedOffset
    {
        get
        {
            lock (_lock)
            {
                return _nextBaseOffset + _open.Count;
            }
        }
    }

    /// <summary>The offset after everything that was taken here and is committed. What another owner commits afterwards does not count.</summary>
    public long CommittedOffset => Volatile.Read(ref _committed);

    public AppendAdmission TryAppend(ref PublishRecord record, ICommitObserver? observer, ulong token)
    {
        lock (_lock)
        {
            if (_refusing || _open.Bytes >= _maximumOpenBytes)
            {
                return AppendAdmission.Busy;
            }

            if (!record.Stream.IsEmpty)
            {
                var status = _streams.Add(record);
                if (status == SequenceStatus.Duplicate)
                {
                    // The first copy lies in this group or an earlier one, so this group's commit confirms it.
                    if (observer is not null)
                    {
                        _completions.Add(observer, token, -1);
                    }

                    return AppendAdmission.Accepted;
                }

                record.PossibleDuplicate = status == SequenceStatus.OutsideWindow;
            }

            record.WriteTo(_open.Reserve(record.Size, record.ReceivedAtMilliseconds));
            Wait(observer, token);
            return AppendAdmission.Accepted;
        }
    }

    public AppendAdmission TryAppend(in SessionRecord record, ICommitObserver? observer, ulong token)
    {
        lock (_lock)
        {
            if (_refusing || _open.Bytes >= _maximumOpenBytes)
            {
                return AppendAdmission.Busy;
            }

            record.WriteTo(_open.Reserve(record.Length, record.ReceivedAtMilliseconds));
            Wait(observer, token);
            return AppendAdmission.Accepted;
        }
    }

    /// <summary>Appends all of the records in one batch, or none.</summary>
    /// <param name="forwarded">The records.</param>
    /// <param name="offsets">Filled with the place of each record, -1 for a duplicate, once they are accepted; they hold if the commit succeeds.</param>
    /// <param name="observer">Hears the outcome.</param>
    /// <param name="token">What the observer wants to hear back.</param>
    /// <param name="nowMilliseconds">Unix milliseconds.</param>
    public ForwardAdmission TryAppend(in ForwardedRecords forwarded, Span<long> offsets, ICommitObserver observer, ulong token, long nowMilliseconds)
    {
        lock (_lock)
        {
            if (!_isOwned)
            {
                return ForwardAdmission.NotOwned;
            }

            if (_refusing || (_open.Bytes > 0 && _open.Bytes + forwarded.Records.Length > _maximumOpenBytes))
            {
                return ForwardAdmission.Busy;
            }

            if (_streams.AddForwarded(forwarded.Sender, forwarded.Number, nowMilliseconds) != SequenceStatus.New)
            {
                _completions.Add(observer, token, -1);
                return ForwardAdmission.Repeated;
            }

            AppendAll(forwarded.Records.Span, offsets[..forwarded.Count]);
            var proof = new SessionRecord
            {
                Kind = RecordKind.Forwarded,
                Session = forwarded.Sender,
                PacketId = 0,
                MessageOffset = forwarded.Number,
                ReceivedAtMilliseconds = nowMilliseconds,
            };
            proof.WriteTo(_open.Reserve(proof.Length, nowMilliseconds));
            Wait(observer, token);
            return ForwardAdmission.Accepted;
        }
    }

    /// <summary>Nothing more is taken; what was taken is committed, or refused, as ever.</summary>
    public void Disown()
    {
        lock (_lock)
        {
            _isOwned = false;
        }
    }

    /// <summary>Begins anew behind what another owner has appended. Nothing is taken before <see cref="Own"/>.</summary>
    /// <param name="nextOffset">The offset of the next record.</param>
    /// <exception cref="InvalidOperationException">Something that was taken before is still waiting.</exception>
    public void Reset(long nextOffset)
    {
        lock (_lock)
        {
            if (_isOwned || _open.Count > 0 || _refusing)
            {
                throw new InvalidOperationException($"Partition {_partition} is in use.");
            }

            _nextBaseOffset = nextOffset;
            Volatile.Write(ref _committed, nextOffset);
            _streams = new DeduplicationStreams(_partition);
        }
    }

    /// <summary>Takes records from now on.</summary>
    public void Own()
    {
        lock (_lock)
        {
            _isOwned = true;
        }
    }

    public void AppendMarker(ICommitObserver observer, ulong token)
    {
        lock (_lock)
        {
            _completions.Add(observer, token, -1);
        }
    }

    /// <summary>A batch that was taken from here is committed.</summary>
    public void Confirm(RecordBatch batch) => Volatile.Write(ref _committed, batch.NextOffset);

    /// <summary>Moves what is open into the group.</summary>
    public void TakeInto(CommittedGroup group)
    {
        lock (_lock)
        {
            if (_open.Count == 0 && _completions.Count == 0)
            {
                return;
            }

            Take(group);
        }
    }

    /// <summary>
    /// Undoes a refused batch. What was taken meanwhile is refused with it: it may hold duplicates of what was just undone, and those must
    /// not be confirmed. Nothing more is taken before <see cref="EndRefusal"/>.
    /// </summary>
    public void BeginRefusal(RecordBatch? refused, CommittedGroup alsoRefused)
    {
        lock (_lock)
        {
            _refusing = true;
            if (refused is not null)
            {
                Forget(refused);
                _nextBaseOffset = refused.BaseOffset;
            }

            if (_open.Count > 0 || _completions.Count > 0)
            {
                var batch = Take(alsoRefused);
                if (batch is not null)
                {
                    Forget(batch);
                    _nextBaseOffset = batch.BaseOffset;
                }
            }
        }
    }

    /// <summary>Everybody has heard of the refusal. Markers that came meanwhile may have meant what was undone, so they are refused too.</summary>
    public void EndRefusal(CommittedGroup alsoRefused)
    {
        lock (_lock)
        {
            _refusing = false;
            if (_completions.Count > 0)
            {
                Take(alsoRefused);
            }
        }
    }

    public void LoadStream(StoredStream stream)
    {
        lock (_lock)
        {
            _streams.Load(stream);
        }
    }

    public void Replay(in PublishRecord record)
    {
        lock (_lock)
        {
            _ = _streams.Add(record);
        }
    }

    /// <summary>Folds in what another owner has appended: sequences, and the proofs of forwarded requests.</summary>
    /// <param name="batch">A committed batch.</param>
    /// <param name="from">Records before it are folded in already.</param>
    public void Replay(RecordBatch batch, long from)
    {
        lock (_lock)
        {
            foreach (var view in batch)
            {
                if (view.Offset < from)
                {
                    continue;
                }

                if (view.Kind == RecordKind.Publish)
                {
                    _ = _streams.Add(PublishRecord.Read(view));
                }
                else if (view.Kind == RecordKind.Forwarded)
                {
                    var proof = SessionRecord.Read(view);
                    _ = _streams.AddForwarded(proof.Session, proof.MessageOffset, proof.ReceivedAtMilliseconds);
                }
            }
        }
    }

    /// <summary>What a checkpoint has to save. Of a partition that is not owned, nothing: perhaps it is being folded in, and then its streams do not reach up to its end yet.</summary>
    public IReadOnlyList<StoredStream> TakeStreamChanges(out long appendedOffset)
    {
        lock (_lock)
        {
            if (!_isOwned)
            {
                appendedOffset = 0;
                return [];
            }

            appendedOffset = _nextBaseOffset + _open.Count;
            return _streams.TakeChanges();
        }
    }

    public void PutBackStreamChanges(IReadOnlyList<StoredStream> streams)
    {
        lock (_lock)
        {
            _streams.PutBack(streams);
        }
    }

    public void Dispose() => _open.Dispose();

    private RecordBatch? Take(CommittedGroup group)
    {
        var batch = _open.Count == 0 ? null : _open.Seal(_partition, _nextBaseOffset, epoch: 1);
        _nextBaseOffset += batch?.Count ?? 0;
        group.Add(batch, _completions, _partition);
        _completions = PendingCompletions.Rent();
        return batch;
    }

    private void AppendAll(ReadOnlySpan<byte> records, Span<long> offsets)
    {
        for (var index = 0; index < offsets.Length; index++)
        {
            var view = RecordView.ReadFirst(_partition, 0, records);
            records = records[view.Bytes.Length..];
            offsets[index] = Append(view) ? _nextBaseOffset + _open.Count - 1 : -1;
        }
    }

    /// <returns>False for a duplicate.</returns>
    private bool Append(in RecordView view)
    {
        if (view.Kind == RecordKind.Publish)
        {
            var record = PublishRecord.Read(view);
            var status = record.Stream.IsEmpty ? SequenceStatus.New : _streams.Add(record);
            if (status == SequenceStatus.Duplicate)
            {
                return false;
            }

            if (status == SequenceStatus.OutsideWindow)
            {
                record.PossibleDuplicate = true;
                record.WriteTo(_open.Reserve(record.Size, record.ReceivedAtMilliseconds));
                return true;
            }
        }

        view.Bytes.CopyTo(_open.Reserve(view.Bytes.Length, view.ReceivedAtMilliseconds));
        return true;
    }

    private void Wait(ICommitObserver? observer, ulong token)
    {
        if (observer is not null)
        {
            _completions.Add(observer, token, _open.Count - 1);
        }
    }

    private void Forget(RecordBatch batch)
    {
        foreach (var record in batch)
        {
            if (record.Kind == RecordKind.Publish)
            {
                _streams.Remove(PublishRecord.Read(record));
            }
            else if (record.Kind == RecordKind.Forwarded)
            {
                var proof = SessionRecord.Read(record);
                _streams.RemoveForwarded(proof.Session, proof.MessageOffset);
            }
        }
    }
}
