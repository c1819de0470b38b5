namespace Holdfast.Server.Drill.Lab;

/// <summary>Holds things for a time and gives them out in the order in which they came. Used by several threads.</summary>
/// <typeparam name="T">What it holds.</typeparam>
/// <param name="delay">How long.</param>
/// <param name="capacity">Most that it holds; what comes when it is full is dropped, as a router does it.</param>
/// <param name="time">The clock.</param>
internal sealed class DelayLine<T>(TimeSpan delay, int capacity, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<(T Item, long Since)> _held = new();

    /// <summary>Takes a thing in.</summary>
    /// <param name="item">The thing.</param>
    /// <returns>False when it was dropped.</returns>
    public bool TryAdd(T item)
    {
        lock (_lock)
        {
            if (_held.Count >= capacity)
            {
                return false;
            }

            _held.Enqueue((item, time.GetTimestamp()));
            return true;
        }
    }

    /// <summary>Gives the next thing out when its time has come.</summary>
    /// <param name="item">The thing.</param>
    /// <param name="wait">How long until the next may come: zero when one was given out, the whole delay when nothing is held.</param>
    public bool TryTake(out T? item, out TimeSpan wait)
    {
        lock (_lock)
        {
            if (_held.TryPeek(out (T Item, long Since) first))
            {
                wait = delay - time.GetElapsedTime(first.Since);
                if (wait <= TimeSpan.Zero)
                {
                    (item, wait) = (_held.Dequeue().Item, TimeSpan.Zero);
                    return true;
                }
            }
            else
            {
                wait = delay;
            }

            item = default;
            return false;
        }
    }
}
