namespace Holdfast.Cluster;

/// <summary>Work that runs as long as the node. A node of which a part has died must not go on as if it lived.</summary>
internal sealed class BackgroundLoop : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<Exception> _onFatal;
    private readonly Task _running;

    /// <summary>Starts.</summary>
    /// <param name="work">Runs until its token is cancelled.</param>
    /// <param name="onFatal">Called when it ends by an exception: the process must end.</param>
    public BackgroundLoop(Func<CancellationToken, Task> work, Action<Exception> onFatal)
    {
        _onFatal = onFatal;
        _running = Task.Run(() => RunAsync(work));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped.
        }
        catch (Exception exception)
        {
            _onFatal(exception);
        }
    }
}
