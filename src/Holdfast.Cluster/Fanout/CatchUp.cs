using Holdfast.Broker.Delivery;
using Holdfast.Log.Partitions;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Fanout;

/// <summary>Reads from the log what was committed and did not arrive as a push, and delivers it in its order.</summary>
internal sealed class CatchUp : IAsyncDisposable
{
    private const int ReadBytes = 1024 * 1024;

    private readonly IClusterLog _log;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly MissedBatches _missed;
    private readonly WakeUp _work = new();
    private readonly BackgroundLoop _loop;

    public CatchUp(IClusterLog log, ILogger logger, Action<Exception> onFatal, TimeProvider time)
    {
        _log = log;
        _logger = logger;
        _time = time;
        _missed = new MissedBatches(log.PartitionCount);
        _loop = new BackgroundLoop(RunAsync, onFatal);
    }

    /// <summary>The subscribers of this node, once they are there.</summary>
    public ICommitSink? Sink { get; set; }

    /// <summary>The records of a partition are committed up to here, and some are missing.</summary>
    public void Notice(int partition, long committed)
    {
        _log.Announce(partition, committed);
        _missed.Miss(partition, committed);
        _work.Signal();
    }

    /// <summary>An owner says how far it has committed.</summary>
    public void Hear(int partition, long committed)
    {
        _log.Announce(partition, committed);
        if (Sink is { } sink && _missed.Hear(partition, committed, sink.AnnouncedOffset(partition)))
        {
            _work.Signal();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        _work.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _work.WaitAsync(cancellationToken).ConfigureAwait(false);
            for (var partition = 0; partition < _missed.PartitionCount && Sink is not null; partition++)
            {
                try
                {
                    await ReadAsync(partition, Sink, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception error) when (error is IOException or InvalidDataException or Npgsql.NpgsqlException)
                {
                    _logger.LogWarning("Partition {Partition}: what was missed cannot be read now: {Error}", partition, error.Message);
                    await Task.Delay(TimeSpan.FromMilliseconds(200), _time, cancellationToken).ConfigureAwait(false);
                    _work.Signal();
                }
            }
        }
    }

    private async Task ReadAsync(int partition, ICommitSink sink, CancellationToken cancellationToken)
    {
        while (sink.AnnouncedOffset(partition) is var from && from < _missed.Target(partition))
        {
            using var read = await _log.ReadAsync(partition, from, null, ReadBytes, cancellationToken).ConfigureAwait(false);
            if (read.Gap is { } gap)
            {
                sink.SkipTo(partition, gap.ToOffset);
            }

            foreach (var batch in read.Batches)
            {
                sink.TryDeliver(batch);
            }

            if (sink.AnnouncedOffset(partition) == from)
            {
                // Nothing readable lies before the end that is known.
                return;
            }
        }
    }
}
