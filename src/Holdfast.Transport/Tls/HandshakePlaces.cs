namespace Holdfast.Transport.Tls;

/// <summary>
/// Bounds how many handshakes compute at once: a storm of new connections must not take the processors from those that stand. A handshake holds a
/// place only while it computes, so whoever connects and sends nothing takes none. The others wait, within their time limit.
/// </summary>
/// <param name="count">The number of places.</param>
internal sealed class HandshakePlaces(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count, count);

    /// <summary>Waits for a place.</summary>
    /// <param name="cancellationToken">The handshake's time limit.</param>
    public Task TakeAsync(CancellationToken cancellationToken) => _free.WaitAsync(cancellationToken);

    /// <summary>Gives a place back.</summary>
    public void Release() => _free.Release();

    public void Dispose() => _free.Dispose();
}
