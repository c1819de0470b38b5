namespace Holdfast.Cluster.Sessions;

/// <summary>Runs <see cref="NodeMarks"/> and <see cref="ClusterTimers"/> once a second, each on its own, until it is disposed of.</summary>
public sealed class SessionLoops : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    /// <summary>Starts. After the broker has.</summary>
    /// <param name="marks">The mark of this node.</param>
    /// <param name="timers">What one node does for all.</param>
    /// <param name="onFatal">Called when one of them can no longer run: the process must end.</param>
    /// <param name="time">The clock.</param>
    public SessionLoops(NodeMarks marks, ClusterTimers timers, Action<Exception> onFatal, TimeProvider time)
        => _running = Task.WhenAll(
            RunAsync(marks.RunOnceAsync, onFatal, time), RunAsync(() => timers.RunOnceAsync(_stopping.Token), onFatal, time));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<Task> action, Action<Exception> onFatal, TimeProvider time)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                await Task.Run(action).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
        catch (Exception exception)
        {
            // A node whose sessions are no longer looked after must not go on as if they were.
            onFatal(exception);
        }
    }
}
