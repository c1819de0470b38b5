using Holdfast.Broker.Limits;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// Bounds what waits in the log for one session that is behind, where its product or its device has a limit: what is too old, and the oldest while there is too much, is passed over and counted. Only the session's
/// reader measures; what it passes over is told under the session's lock.
/// </summary>
internal sealed class SessionQueue(SessionServices services, Session session, ClientTerms terms)
{
    private const int ReadBytes = 256 * 1024;

    /// <summary>A client that reads slowly stays behind for long; what waits is counted anew now and then. It is bounded by the limit, and so is the reading.</summary>
    private static readonly TimeSpan MeasureInterval = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of each partition that are to be passed over.</summary>
    private long[] _excess = [];
    private long? _measuredAt;

    /// <summary>Whether what waits has to be counted before the next message.</summary>
    public bool IsMeasureDue => terms.QueueBytes is not null && (_measuredAt is not { } at || services.Time.GetElapsedTime(at) >= MeasureInterval);

    /// <summary>The session has fallen behind anew: nothing is known of what waits.</summary>
    public void Begin() => _measuredAt = null;

    /// <summary>Whether a message that the session is to get is passed over instead. The caller holds the session's lock.</summary>
    public bool TryDrop(in RecordView view, in PublishRecord record)
    {
        if (terms.QueueAgeMilliseconds is { } age && record.ReceivedAtMilliseconds < services.NowMilliseconds - age)
        {
            Count("queue-age");
            return true;
        }

        if (_excess.Length == 0 || _excess[view.Partition] <= 0)
        {
            return false;
        }

        _excess[view.Partition] -= view.Bytes.Length;
        Count("queue-bytes");
        return true;
    }

    /// <summary>Counts what waits, and how much of it is too much: of each partition the same share, the oldest first.</summary>
    public async Task MeasureAsync()
    {
        _measuredAt = services.Time.GetTimestamp();
        var waiting = new long[services.Log.PartitionCount];
        for (var partition = 0; partition < waiting.Length; partition++)
        {
            waiting[partition] = await MeasureAsync(partition).ConfigureAwait(false);
        }

        var total = waiting.Sum();
        var tooMuch = total - terms.QueueBytes!.Value;
        lock (session.Lock)
        {
            _excess = tooMuch <= 0 ? [] : [.. waiting.Select(bytes => (long)((decimal)bytes * tooMuch / total))];
        }
    }

    private async Task<long> MeasureAsync(int partition)
    {
        long from;
        IReadOnlySet<ulong>? keys;
        lock (session.Lock)
        {
            (from, keys) = (session.Positions?[partition] ?? long.MaxValue, session.Keys);
        }

        if (!Partitioning.MayHold(partition, keys, services.Log.PartitionCount))
        {
            return 0;
        }

        long waiting = 0;
        var end = services.Feed.AnnouncedOffset(partition);
        while (from < end)
        {
            using var read = await services.Log.ReadAsync(partition, from, keys, ReadBytes, CancellationToken.None).ConfigureAwait(false);
            foreach (var batch in read.Batches)
            {
                foreach (var view in batch)
                {
                    waiting += view.Offset >= from && view.Offset < end && IsWanted(view) ? view.Bytes.Length : 0;
                }
            }

            if (read.NextOffset <= from)
            {
                break;
            }

            from = read.NextOffset;
        }

        return waiting;
    }

    private bool IsWanted(in RecordView view)
    {
        if (view.Kind != RecordKind.Publish)
        {
            return false;
        }

        var record = PublishRecord.Read(view);
        lock (session.Lock)
        {
            return record.Product.SequenceEqual(session.ProductUtf8) && session.Subscriptions.TryGetTerms(record.Topic, view.Partition, view.Offset, out _);
        }
    }

    private void Count(string limit)
    {
        services.Metrics.CountLimited("client", limit, "drop");
        services.Refusals.Note("waiting message", limit, $"of session {session.ClientId} of {session.Product}.");
    }
}
