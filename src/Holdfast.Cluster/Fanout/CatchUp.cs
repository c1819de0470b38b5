using Holdfast.Broker.Delivery;
using Holdfast.Log.Postgres;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Fanout;

/// <summary>Reads from the log what was committed and did not arrive as a push, and delivers it in its order.</summary>
internal sealed class CatchUp : IAsyncDisposable
{
    private const int ReadBytes = 1024 * 1024;

    private readonly PostgresPartitionLog _log;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly long[] _target;
    private readonly long[] _seenAt;
    private readonly SemaphoreSlim _work = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public CatchUp(PostgresPartitionLog log, ILogger logger, TimeProvider time)
    {
        _log = log;
        _logger = logger;
        _time = time;
        _target = new long[log.PartitionCount];
        _seenAt = new long[log.PartitionCount];
        _running = Task.Run(RunAsync);
    }

    /// <summary>The subscribers of this node, once they are there.</summary>
    public ICommitSink? Sink { get; set; }

    /// <summary>The records of a partition are committed up to here, and some are missing.</summary>
    public void Notice(int partition, long committed)
    {
        _log.Announce(partition, committed);
        Raise(ref _target[partition], committed);
        Signal();
    }

    /// <summary>
    /// An owner says how far it has committed. What is missing is perhaps on its way; only when nothing has arrived since the last time it is read from the log.
    /// </summary>
    public void Hear(int partition, long committed)
    {
        _log.Announce(partition, committed);
        if (Sink?.AnnouncedOffset(partition) is not { } delivered || delivered >= committed)
        {
            return;
        }

        if (Interlocked.Exchange(ref _seenAt[partition], delivered) == delivered)
        {
            Notice(partition, committed);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _work.Dispose();
        _stop.Dispose();
    }

    private static void Raise(ref long target, long value)
    {
        var known = Volatile.Read(ref target);
        while (known < value)
        {
            var seen = Interlocked.CompareExchange(ref target, value, known);
            if (seen == known)
            {
                return;
            }

            known = seen;
        }
    }

    private void Signal()
    {
        try
        {
            _work.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is signalled already.
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await _work.WaitAsync(_stop.Token).ConfigureAwait(false);
            for (var partition = 0; partition < _target.Length && Sink is not null; partition++)
            {
                try
                {
                    await ReadAsync(partition, Sink).ConfigureAwait(false);
                }
                catch (Exception error) when (error is IOException or InvalidDataException or Npgsql.NpgsqlException)
                {
                    _logger.LogWarning("Partition {Partition}: what was missed cannot be read now: {Error}", partition, error.Message);
                    await Task.Delay(TimeSpan.FromMilliseconds(200), _time, _stop.Token).ConfigureAwait(false);
                    Signal();
                }
            }
        }
    }

    private async Task ReadAsync(int partition, ICommitSink sink)
    {
        while (sink.AnnouncedOffset(partition) is var from && from < Volatile.Read(ref _target[partition]))
        {
            using var read = await _log.ReadAsync(partition, from, null, ReadBytes, _stop.Token).ConfigureAwait(false);
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
