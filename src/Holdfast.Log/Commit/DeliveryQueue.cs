namespace Holdfast.Log.Commit;

/// <summary>
/// Committed groups on their way from the commit thread to the delivery thread, bounded. Nobody spins while it waits: under light load waiting is what
/// both threads mostly do, and a collection that spins first costs more than the work.
/// </summary>
internal sealed class DeliveryQueue(int capacity)
{
    private readonly Queue<CommittedGroup> _groups = new();
    private bool _isHandling;
    private bool _isComplete;

    /// <summary>Whether nothing waits and nothing is being handled. Only the one thread that adds can rely on it.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_groups)
            {
                return _groups.Count == 0 && !_isHandling;
            }
        }
    }

    /// <summary>Adds a group; waits while the queue is full.</summary>
    public void Add(CommittedGroup group)
    {
        lock (_groups)
        {
            while (_groups.Count >= capacity)
            {
                Monitor.Wait(_groups);
            }

            _groups.Enqueue(group);
            Monitor.PulseAll(_groups);
        }
    }

    /// <summary>Nothing more is added.</summary>
    public void Complete()
    {
        lock (_groups)
        {
            _isComplete = true;
            Monitor.PulseAll(_groups);
        }
    }

    /// <summary>Waits for the next group. The one that was taken before has been handled.</summary>
    /// <returns>Null when nothing more comes.</returns>
    public CommittedGroup? Take()
    {
        lock (_groups)
        {
            _isHandling = false;
            while (_groups.Count == 0 && !_isComplete)
            {
                Monitor.Wait(_groups);
            }

            if (!_groups.TryDequeue(out var group))
            {
                return null;
            }

            _isHandling = true;
            Monitor.PulseAll(_groups);
            return group;
        }
    }
}
