namespace Holdfast.Cluster;

/// <summary>Wakes one loop. Signals that come before it has woken are one; a signal that comes while it looks wakes it again.</summary>
internal sealed class WakeUp : IDisposable
{
    private readonly SemaphoreSlim _signals = new(0);
    private int _isSignalled;

    /// <summary>There may be something to do. Any thread; it never blocks.</summary>
    public void Signal()
    {
        if (Volatile.Read(ref _isSignalled) == 0 && Interlocked.Exchange(ref _isSignalled, 1) == 0)
        {
            _signals.Release();
        }
    }

    /// <summary>Waits for a signal.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        await _signals.WaitAsync(cancellationToken).ConfigureAwait(false);

        // Cleared before the loop looks: what comes later signals again.
        Interlocked.Exchange(ref _isSignalled, 0);
    }

    /// <inheritdoc/>
    public void Dispose() => _signals.Dispose();
}
