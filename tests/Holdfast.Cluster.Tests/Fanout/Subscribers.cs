using System.Threading.Channels;
using Holdfast.Broker.Delivery;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Tests.Fanout;

/// <summary>A cursor on each partition, as a broker has it.</summary>
internal sealed class Subscribers : ICommitSink
{
    private readonly Lock _lock = new();
    private readonly long[] _next = new long[2];

    /// <summary>What was delivered, in its order.</summary>
    public Channel<(int Partition, long Offset)> Delivered { get; } = Channel.CreateUnbounded<(int, long)>();

    public async Task<(int Partition, long Offset)> NextAsync()
        => await Delivered.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public long AnnouncedOffset(int partition) => Volatile.Read(ref _next[partition]);

    public void Complete(AppendStatus status, Action complete) => complete();

    public bool TryDeliver(RecordBatch batch)
    {
        lock (_lock)
        {
            if (batch.BaseOffset != _next[batch.Partition])
            {
                return batch.NextOffset <= _next[batch.Partition];
            }

            _next[batch.Partition] = batch.NextOffset;
            Delivered.Writer.TryWrite((batch.Partition, batch.BaseOffset));
            return true;
        }
    }

    /// <summary>See <see cref="Broker.Delivery.IDirectRelay.NeededVersion"/>.</summary>
    public long NeededVersion { get; set; } = 1;

    public bool TryPass(int partition, long from, long to, long version)
    {
        lock (_lock)
        {
            if (from > _next[partition] || NeededVersion > version)
            {
                return to <= _next[partition];
            }

            _next[partition] = Math.Max(_next[partition], to);
            return true;
        }
    }

    public void RouteDirect(ReadOnlySpan<byte> records) => throw new NotSupportedException();

    public void SkipTo(int partition, long offset) => _next[partition] = offset;
}
