namespace Holdfast.Log.TestKit;

/// <summary>Holds commits back until a test lets them go, and tells the test when one waits.</summary>
public sealed class CommitGate
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<bool>? _waiting;
    private TaskCompletionSource _arrival = NewSource();
    private bool _closed;

    /// <summary>From now on every commit waits.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }
    }

    /// <summary>Lets the waiting commit and all later ones go.</summary>
    public void Open() => Release(stayClosed: false, proceed: true);

    /// <summary>Lets the waiting commit go; the next one waits again.</summary>
    public void LetOneGo() => Release(stayClosed: true, proceed: true);

    /// <summary>Completes as soon as a commit waits at the gate.</summary>
    public Task WaitForArrivalAsync()
    {
        lock (_lock)
        {
            return _waiting is null ? _arrival.Task : Task.CompletedTask;
        }
    }

    /// <summary>Passes the gate.</summary>
    /// <returns>False when the process "died" while the commit waited.</returns>
    internal ValueTask<bool> PassAsync()
    {
        TaskCompletionSource arrival;
        TaskCompletionSource<bool> waiting;
        lock (_lock)
        {
            if (!_closed)
            {
                return ValueTask.FromResult(true);
            }

            _waiting = waiting = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            arrival = _arrival;
            _arrival = NewSource();
        }

        arrival.SetResult();
        return new ValueTask<bool>(waiting.Task);
    }

    /// <summary>Opens the gate; a commit that waits does not happen.</summary>
    internal void Abort() => Release(stayClosed: false, proceed: false);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Release(bool stayClosed, bool proceed)
    {
        TaskCompletionSource<bool>? waiting;
        lock (_lock)
        {
            _closed = stayClosed;
            waiting = _waiting;
            _waiting = null;
        }

        waiting?.SetResult(proceed);
    }
}
