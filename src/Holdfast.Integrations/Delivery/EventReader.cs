using System.Runtime.InteropServices;
using System.Text;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Publishing;
using Holdfast.Integrations.Receipts;
using Holdfast.Log.Attempts;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Delivery;

/// <summary>
/// Moves matching events from the log into a window, from the integration's position on and never past what was announced. Batches
/// are given back before it returns; what the window holds are finished bodies.
/// </summary>
internal sealed class EventReader(
    IPartitionLog log, ICommitFeed feed, DeliveryScope scope, DeliveryWindow window, IEventForm form, IntegrationLimits limits, TimeProvider timeProvider,
    IntegrationProgress progress, IReadOnlyList<long> cursor)
{
    private readonly long[] _positions = [.. cursor];
    private readonly byte[]? _receiptsOf;
    private readonly List<long> _trimmed = [];
    private long _floor = long.MinValue;

    /// <summary>The oldest time of receipt that the product keeps now, in Unix milliseconds.</summary>
    public Func<long> Floor { private get; init; } = () => long.MinValue;

    /// <summary>The integration's name, when it gives receipts; else null.</summary>
    public string? ReceiptsOf
    {
        init => _receiptsOf = value is null ? null : Encoding.UTF8.GetBytes(value);
    }

    /// <summary>The offset of a partition up to which nothing is left to deliver.</summary>
    public long Confirmed(int partition) => window.Oldest(partition)?.Offset ?? _positions[partition];

    /// <summary>Whether everything up to the end of the scope was read.</summary>
    public bool IsAtEnd
    {
        get
        {
            for (var partition = 0; partition < _positions.Length; partition++)
            {
                if (_positions[partition] < scope.End(partition))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Whether a partition holds something announced that was not read yet.</summary>
    public bool HasMore(int partition) => scope.Includes(partition) && _positions[partition] < Readable(partition);

    /// <summary>Whether <see cref="ReadAsync(CancellationToken)"/> would find something now.</summary>
    public bool CanRead()
    {
        for (var partition = 0; partition < _positions.Length; partition++)
        {
            if (CanRead(partition))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What the commit feed has to pass to wake this reader. A partition that it would not read now cannot wake it.</summary>
    public void CopyWantedTo(Span<long> destination)
    {
        for (var partition = 0; partition < _positions.Length; partition++)
        {
            var wanted = scope.Includes(partition) && window.WantsMore(partition) && _positions[partition] < scope.End(partition);
            destination[partition] = wanted ? _positions[partition] : long.MaxValue;
        }
    }

    /// <summary>Reads one stretch of each partition that has something and for which the window has room.</summary>
    public async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        for (var partition = 0; partition < _positions.Length; partition++)
        {
            if (!scope.Includes(partition))
            {
                _positions[partition] = Math.Max(_positions[partition], Readable(partition));
            }
            else if (CanRead(partition))
            {
                await ReadAsync(partition, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private bool CanRead(int partition)
        => HasMore(partition) && window.WantsMore(partition);

    private long Readable(int partition) => Math.Min(feed.AnnouncedOffset(partition), scope.End(partition));

    private async ValueTask ReadAsync(int partition, CancellationToken cancellationToken)
    {
        var announced = Readable(partition);
        var from = Math.Min(scope.NextWanted(partition, _positions[partition]), announced);
        _positions[partition] = from;
        if (from == announced)
        {
            return;
        }

        using var read = await log.ReadAsync(partition, from, scope.Keys, limits.ReadBytes, cancellationToken).ConfigureAwait(false);
        if (read.Gap is { } gap)
        {
            progress.Lost(gap);
            _positions[partition] = Math.Max(from, gap.ToOffset);
        }

        _floor = Floor();
        if (read.Batches.All(batch => TryTakeAll(batch, announced)))
        {
            _positions[partition] = Math.Max(_positions[partition], Math.Min(read.NextOffset, announced));
        }

        if (_trimmed.Count > 0)
        {
            progress.Trimmed(partition, CollectionsMarshal.AsSpan(_trimmed));
            _trimmed.Clear();
        }

        if (_positions[partition] == from && window.WantsMore(partition))
        {
            throw new InvalidOperationException(
                $"Partition {partition}: offset {announced} was announced, but reading from {from} found nothing, as if the log ended there.");
        }
    }

    /// <returns>False when it stopped before the end: the window is full, or the rest is not announced yet.</returns>
    private bool TryTakeAll(RecordBatch batch, long announced)
    {
        foreach (var record in batch)
        {
            if (record.Offset < _positions[batch.Partition])
            {
                continue;
            }

            if (record.Offset >= announced || (record.Kind == RecordKind.Publish && !TryTake(record)))
            {
                return false;
            }

            _positions[batch.Partition] = record.Offset + 1;
        }

        return true;
    }

    /// <returns>False when the window has no room for it.</returns>
    private bool TryTake(in RecordView view)
    {
        var record = PublishRecord.Read(view);
        if (!scope.Includes(view, record))
        {
            return true;
        }

        // One whose device wants to know goes on: before it would be attempted it is dropped, and the device is told.
        var wish = _receiptsOf is null ? null : ReceiptWish.Read(record, _receiptsOf);
        if (record.ReceivedAtMilliseconds < _floor && wish is null)
        {
            _trimmed.Add(AttemptJournal.PlaceOf(view.Partition, view.Offset));
            return true;
        }

        if (!window.Fits(view.Partition, bytes: record.Payload.Length))
        {
            return false;
        }

        var id = EventId.Format(log.Incarnations, view.Partition, view.Offset);
        var body = form.Write(id, record);
        if (!window.Fits(view.Partition, body.Bytes.Length))
        {
            return false;
        }

        window.Add(new OutstandingEvent
        {
            Partition = view.Partition,
            Offset = view.Offset,
            KeyHash = record.KeyHash,
            Id = id,
            Topic = Encoding.UTF8.GetString(record.Topic),
            ExpiresAtMilliseconds = record.ExpiresAtMilliseconds,
            ReceivedAtMilliseconds = record.ReceivedAtMilliseconds,
            Body = body,
            Receipt = wish,
            ReadAtTicks = timeProvider.GetUtcNow().Ticks,
        });
        return true;
    }
}
