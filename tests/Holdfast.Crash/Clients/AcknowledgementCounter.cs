namespace Holdfast.Crash.Clients;

/// <summary>Counts acknowledgements, so that a test can act after the n-th.</summary>
internal sealed class AcknowledgementCounter
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _reached;
    private long _count;
    private long _target;

    public void Add()
    {
        lock (_lock)
        {
            if (++_count == _target)
            {
                _reached!.TrySetResult();
            }
        }
    }

    /// <summary>Waits for so many more.</summary>
    public Task WaitForAsync(int count)
    {
        lock (_lock)
        {
            _target = _count + count;
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _reached.Task;
        }
    }
}
