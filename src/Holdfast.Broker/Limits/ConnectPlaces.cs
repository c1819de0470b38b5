namespace Holdfast.Broker.Limits;

/// <summary>
/// Bounds how many sessions are brought at once: when ten thousand clients come back together, each is served in its turn instead of all slowly, and those who are connected go on publishing. The order is that of arrival.
/// </summary>
/// <param name="count">How many. Sessions are stored in groups, so few would make it slow.</param>
/// <param name="time">The clock.</param>
internal sealed class ConnectPlaces(int count, TimeProvider time) : IDisposable
{
    /// <summary>Who has waited so long is told to come back later: its own patience is not much longer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _free = new(count, count);
    private int _waiting;

    /// <summary>How many wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits for a place.</summary>
    /// <returns>False when it took too long.</returns>
    public async ValueTask<bool> TryTakeAsync()
    {
        if (_free.Wait(0))
        {
            return true;
        }

        Interlocked.Increment(ref _waiting);
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            await _free.WaitAsync(patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Gives a place back.</summary>
    public void GiveBack() => _free.Release();

    public void Dispose() => _free.Dispose();
}
