namespace Holdfast.Server.Drill.Clients;

/// <summary>What a consumer has seen, so that a test can wait for the rest.</summary>
internal sealed class Deliveries
{
    private readonly Lock _lock = new();
    private readonly HashSet<(string Publisher, long Sequence)> _seen = [];
    private HashSet<(string Publisher, long Sequence)> _missing = [];
    private TaskCompletionSource? _complete;

    public void Add((string Publisher, long Sequence) message)
    {
        lock (_lock)
        {
            _seen.Add(message);
            if (_missing.Remove(message) && _missing.Count == 0)
            {
                _complete!.TrySetResult();
            }
        }
    }

    /// <summary>Waits until all of these were seen.</summary>
    public Task WaitForAsync(IEnumerable<(string Publisher, long Sequence)> messages)
    {
        lock (_lock)
        {
            _missing = [.. messages.Where(message => !_seen.Contains(message))];
            _complete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_missing.Count == 0)
            {
                _complete.SetResult();
            }

            return _complete.Task;
        }
    }
}
