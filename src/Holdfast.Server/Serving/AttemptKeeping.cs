using Holdfast.Log.Attempts;
using Holdfast.Log.Partitions;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Serving;

/// <summary>The journal of delivery attempts of a node. It keeps what the log keeps: attempts go when their events do.</summary>
internal sealed class AttemptKeeping : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly IPartitionLog _log;
    private readonly RetentionPolicy _retention;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public AttemptKeeping(IAttemptStore store, IPartitionLog log, RetentionPolicy retention, ILogger logger)
    {
        _log = log;
        _retention = retention;
        _logger = logger;
        Journal = new AttemptJournal(store, new AttemptJournalOptions { Logger = logger });
        _running = Task.Run(RunAsync);
    }

    /// <summary>The journal.</summary>
    public AttemptJournal Journal { get; }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await Journal.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                await RetainAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task RetainAsync()
    {
        long[] first = [.. Enumerable.Range(0, _log.PartitionCount).Select(_log.FirstOffset)];
        var losses = DateTimeOffset.UtcNow - _retention.MaximumAge;
        try
        {
            await Journal.Store.RetainAsync(first, losses.ToUnixTimeMilliseconds(), _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogWarning("The journal of delivery attempts cannot be shortened now: {Message}", exception.Message);
        }
    }
}
