using Holdfast.Broker.Delivery;

namespace Holdfast.Integrations.Delivery;

/// <summary>Lets the commit feed wake a loop, with one waiting at a time.</summary>
internal sealed class FeedWatch(ICommitFeed feed, int partitionCount, WakeSignal wake) : IDisposable
{
    private readonly long[] _watched = new long[partitionCount];
    private CancellationTokenSource? _cancellation;
    private Task _waiting = Task.CompletedTask;

    /// <summary>Makes sure that a commit beyond any of these positions wakes the loop. Throws what the feed threw, if it did.</summary>
    public void Watch(ReadOnlySpan<long> positions)
    {
        if (!_waiting.IsCompleted && WatchCovers(positions))
        {
            return;
        }

        var finished = _waiting;
        Dispose();
        if (finished.IsFaulted)
        {
            _waiting = Task.CompletedTask;
            finished.GetAwaiter().GetResult();
        }

        positions.CopyTo(_watched);
        _cancellation = new CancellationTokenSource();
        _waiting = WaitAsync(_watched.ToArray(), _cancellation.Token);
    }

    public void Dispose()
    {
        _cancellation?.Cancel();
        _cancellation?.Dispose();
        _cancellation = null;
    }

    /// <summary>A wait for earlier positions wakes no later.</summary>
    private bool WatchCovers(ReadOnlySpan<long> positions)
    {
        for (var i = 0; i < positions.Length; i++)
        {
            if (_watched[i] > positions[i])
            {
                return false;
            }
        }

        return true;
    }

    private async Task WaitAsync(long[] positions, CancellationToken cancellationToken)
    {
        try
        {
            await feed.WaitAsync(positions, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return; // Replaced by another wait, or at the end.
        }
        finally
        {
            wake.Set();
        }
    }
}
