using System.Text;
using Holdfast.Broker.Delivery;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Retention;

/// <summary>
/// How much of the log each product has, by time of receipt: a fold over the log like any other state, which begins anew at the oldest record when the process starts. One caller at a time.
/// </summary>
internal sealed class ProductUsage(IPartitionLog log, ICommitFeed feed)
{
    private const int ReadBytes = 1024 * 1024;

    private readonly long[] _positions = [.. Enumerable.Range(0, log.PartitionCount).Select(log.FirstOffset)];
    private readonly Dictionary<string, ReceivedBytes> _products = new(StringComparer.Ordinal);
    private byte[] _lastName = [];
    private ReceivedBytes? _last;

    /// <summary>What each product has.</summary>
    public IReadOnlyDictionary<string, ReceivedBytes> Products => _products;

    /// <summary>Counts everything up to what is announced now.</summary>
    public async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        for (var partition = 0; partition < _positions.Length; partition++)
        {
            var end = feed.AnnouncedOffset(partition);
            while (_positions[partition] < end)
            {
                using var read = await log.ReadAsync(partition, _positions[partition], null, ReadBytes, cancellationToken).ConfigureAwait(false);
                foreach (var batch in read.Batches)
                {
                    Count(batch, _positions[partition]);
                }

                if (read.NextOffset <= _positions[partition])
                {
                    break;
                }

                _positions[partition] = read.NextOffset;
            }
        }
    }

    /// <summary>When the oldest record of the log was received, in Unix milliseconds; null when it is empty. Everything older is gone.</summary>
    public async ValueTask<long?> OldestAsync(CancellationToken cancellationToken)
    {
        long? oldest = null;
        for (var partition = 0; partition < _positions.Length; partition++)
        {
            using var read = await log.ReadAsync(partition, log.FirstOffset(partition), null, 1, cancellationToken).ConfigureAwait(false);
            foreach (var batch in read.Batches)
            {
                foreach (var view in batch)
                {
                    oldest = Math.Min(oldest ?? long.MaxValue, view.ReceivedAtMilliseconds);
                    break;
                }
            }
        }

        return oldest;
    }

    private void Count(RecordBatch batch, long fromOffset)
    {
        foreach (var view in batch)
        {
            if (view.Offset >= fromOffset && view.Kind == RecordKind.Publish)
            {
                Find(PublishRecord.Read(view).Product).Add(view.ReceivedAtMilliseconds, view.Bytes.Length);
            }
        }
    }

    /// <summary>Neighbours are mostly of the same product.</summary>
    private ReceivedBytes Find(ReadOnlySpan<byte> name)
    {
        if (_last is not null && name.SequenceEqual(_lastName))
        {
            return _last;
        }

        var product = Encoding.UTF8.GetString(name);
        if (!_products.TryGetValue(product, out var found))
        {
            _products[product] = found = new ReceivedBytes();
        }

        (_last, _lastName) = (found, name.ToArray());
        return found;
    }
}
