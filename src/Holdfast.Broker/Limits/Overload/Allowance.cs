namespace Holdfast.Broker.Limits.Overload;

/// <summary>
/// What one connection may publish while the node has too much to do. Its reader counts, without a lock; the guard looks ten times a second and says how far the reader may go. Without overload that is for ever, and the
/// price is an addition and a comparison for each message.
/// </summary>
internal sealed class Allowance
{
    private long _published;
    private long _limit = long.MaxValue;
    private long _seen;
    private bool _isHeld;

    /// <summary>Something was published.</summary>
    /// <returns>Whether the reader has to wait for the guard.</returns>
    public bool Use(int bytes)
    {
        Volatile.Write(ref _published, _published + bytes);
        var isOver = IsOver;
        if (isOver)
        {
            Volatile.Write(ref _isHeld, true);
        }

        return isOver;
    }

    /// <summary>Whether the reader has gone further than it may.</summary>
    public bool IsOver => _published > Volatile.Read(ref _limit);

    /// <summary>What it wants: what it has published since the last call, or more than there is when it was held back.</summary>
    /// <param name="used">What it has published.</param>
    public long TakeWanted(out long used)
    {
        var published = Volatile.Read(ref _published);
        used = published - _seen;
        _seen = published;
        return Volatile.Read(ref _isHeld) ? FairShare.Unbounded : used;
    }

    /// <summary>It may go so much further.</summary>
    public void Grant(long bytes)
    {
        Volatile.Write(ref _isHeld, false);
        Volatile.Write(ref _limit, bytes == long.MaxValue ? long.MaxValue : Volatile.Read(ref _published) + bytes);
    }
}
