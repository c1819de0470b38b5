using System.Collections.Concurrent;

namespace Holdfast.Status.Watching;

/// <summary>Lets who has sent a message wait for it to come back. It holds no more than is being waited for.</summary>
internal sealed class Arrivals
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new();

    /// <summary>Begins to wait; before the message is sent.</summary>
    public Task Expect(string mark) => _awaited.GetOrAdd(mark, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>A message has come.</summary>
    public void Arrived(string mark)
    {
        if (_awaited.TryRemove(mark, out TaskCompletionSource? waiting))
        {
            waiting.TrySetResult();
        }
    }

    /// <summary>Nobody waits any more.</summary>
    public void Forget(string mark) => _awaited.TryRemove(mark, out _);
}
