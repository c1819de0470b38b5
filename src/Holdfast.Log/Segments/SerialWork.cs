namespace Holdfast.Log.Segments;

/// <summary>Runs work in the background, one piece after the other.</summary>
internal sealed class SerialWork
{
    private readonly Lock _lock = new();
    private Task _last = Task.CompletedTask;

    /// <summary>Runs a piece of work after all that was given before.</summary>
    public Task<T> Run<T>(Func<T> work)
    {
        lock (_lock)
        {
            var task = _last.ContinueWith(_ => work(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            _last = task;
            return task;
        }
    }

    /// <summary>Completes when all work given so far has ended, well or not.</summary>
    public async Task WhenIdleAsync()
    {
        Task last;
        lock (_lock)
        {
            last = _last;
        }

        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
