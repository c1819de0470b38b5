using Holdfast.Broker.Delivery;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Reading;

/// <summary>
/// Reads the events of a scope from the log, over all partitions, from a cursor on and never past what was announced. It holds one read of one
/// partition at a time; the partitions take turns. Within a partition, so for each device and each topic, events come in the order of their
/// offsets; between partitions there is no order. One caller at a time.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="feed">What has been announced.</param>
/// <param name="scope">What is wanted.</param>
/// <param name="cursor">Where to begin. It holds every partition of the scope, and is moved along.</param>
/// <param name="readBytes">How much of a partition is read at a time, in bytes; at least one batch.</param>
public sealed class EventReader(IPartitionLog log, ICommitFeed feed, EventScope scope, EventCursor cursor, int readBytes) : IDisposable
{
    private readonly long[] _ends = FindEnds(log, scope);
    private LogRead? _read;
    private int _next;
    private int _partition;
    private int _batch;
    private int _place;
    private long _offset;
    private long _end;
    private int _current;

    /// <summary>Behind the last event that was given; before the next one.</summary>
    public EventCursor Cursor => cursor;

    /// <summary>The oldest time of receipt that the product keeps now, in Unix milliseconds.</summary>
    public Func<long> Floor { private get; init; } = () => long.MinValue;

    /// <summary>What could not be read before the stretch that <see cref="LoadAsync"/> has loaded; null when nothing is missing.</summary>
    public LogGap? Gap { get; private set; }

    /// <summary>Bytes of the log that were read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>The record that <see cref="MoveNext"/> has found. It points into memory that is valid until the next call.</summary>
    public RecordView Current => RecordView.ReadFirst(_partition, _offset - 1, _read!.Batches[_batch].Body.Span[_current..]);

    /// <summary>Whether something is left to read now, wanted or not.</summary>
    public bool HasMore => _read is not null || FindPartition() >= 0;

    /// <summary>Makes sure that a stretch of a partition is loaded, unless all that was announced has been read.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>False at the end.</returns>
    public async ValueTask<bool> LoadAsync(CancellationToken cancellationToken)
    {
        Gap = null;
        if (_read is not null)
        {
            return true;
        }

        _partition = FindPartition();
        if (_partition < 0)
        {
            return false;
        }

        _next = (_partition + 1) % log.PartitionCount;
        var from = cursor.Position(_partition);
        _end = End(_partition);
        var read = await log.ReadAsync(_partition, from, scope.Keys, readBytes, cancellationToken).ConfigureAwait(false);
        if (read.Gap is null && read.Batches.Count == 0 && read.NextOffset <= from)
        {
            throw new InvalidOperationException(
                $"Partition {_partition}: offset {_end} was announced, but reading from {from} found nothing, as if the log ended there.");
        }

        Begin(read);
        return true;
    }

    /// <summary>Goes to the next event of the stretch, and moves the cursor behind it.</summary>
    /// <returns>False at the end of the stretch: the next one is to be loaded.</returns>
    public bool MoveNext()
    {
        while (_read is not null && _batch < _read.Batches.Count)
        {
            var body = _read.Batches[_batch].Body.Span;
            while (_place < body.Length && _offset < _end)
            {
                var record = RecordView.ReadFirst(_partition, _offset, body[_place..]);
                _current = _place;
                _place += record.Bytes.Length;
                _offset++;
                if (record.Kind == RecordKind.Publish && record.Offset >= cursor.Position(_partition) && scope.Includes(PublishRecord.Read(record)))
                {
                    cursor.MoveTo(_partition, _offset);
                    return true;
                }
            }

            BeginBatch(_batch + 1);
        }

        Finish();
        return false;
    }

    /// <summary>Completes when there is more to read.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        var positions = new long[log.PartitionCount];
        for (var partition = 0; partition < positions.Length; partition++)
        {
            positions[partition] = scope.Includes(partition) ? cursor.Position(partition) : long.MaxValue;
        }

        return feed.WaitAsync(positions, cancellationToken);
    }

    /// <summary>Gives the stretch back.</summary>
    public void Dispose()
    {
        _read?.Dispose();
        _read = null;
    }

    private static long[] FindEnds(IPartitionLog log, EventScope scope)
    {
        var ends = new long[log.PartitionCount];
        for (var partition = 0; partition < ends.Length; partition++)
        {
            ends[partition] = scope.ToMilliseconds == long.MaxValue
                ? long.MaxValue
                : log.FindReceived(partition, scope.FromMilliseconds, scope.ToMilliseconds).To;
        }

        return ends;
    }

    private int FindPartition()
    {
        for (var i = 0; i < log.PartitionCount; i++)
        {
            var partition = (_next + i) % log.PartitionCount;
            if (scope.Includes(partition) && cursor.Position(partition) < End(partition))
            {
                return partition;
            }
        }

        return -1;
    }

    private long End(int partition) => Math.Min(_ends[partition], feed.AnnouncedOffset(partition));

    private void Begin(LogRead read)
    {
        _read = read;
        BytesRead += read.Batches.Sum(batch => (long)batch.Body.Length);
        if (read.Gap is { } gap)
        {
            Gap = gap;
            cursor.MoveTo(_partition, Math.Max(cursor.Position(_partition), gap.ToOffset));
        }

        PassTrimmed(Floor());
        BeginBatch(0);
    }

    /// <summary>What a product no longer keeps lies before what it keeps, like what retention has removed, and is told like it when any of it was wanted.</summary>
    private void PassTrimmed(long floor)
    {
        if (floor <= scope.FromMilliseconds || Gap is { Reason: LogGapReason.Damaged })
        {
            return;
        }

        long? from = null;
        foreach (var batch in _read!.Batches)
        {
            foreach (var view in batch)
            {
                if (view.Offset < cursor.Position(_partition) || view.Kind != RecordKind.Publish)
                {
                    continue;
                }

                if (view.Offset >= _end || view.ReceivedAtMilliseconds >= floor)
                {
                    return;
                }

                if (scope.Includes(PublishRecord.Read(view)))
                {
                    from ??= Gap is { Reason: LogGapReason.Trimmed } before ? before.FromOffset : view.Offset;
                    Gap = new LogGap(_partition, from.Value, view.Offset + 1, LogGapReason.Trimmed, "");
                    cursor.MoveTo(_partition, view.Offset + 1);
                }
            }
        }
    }

    private void BeginBatch(int batch)
    {
        _batch = batch;
        _place = 0;
        _offset = batch < _read!.Batches.Count ? _read.Batches[batch].BaseOffset : long.MaxValue;
    }

    private void Finish()
    {
        if (_read is not null)
        {
            cursor.MoveTo(_partition, Math.Max(cursor.Position(_partition), Math.Min(_read.NextOffset, _end)));
            Dispose();
        }
    }
}
