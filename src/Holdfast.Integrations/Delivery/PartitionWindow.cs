namespace Holdfast.Integrations.Delivery;

/// <summary>The unconfirmed events of one partition, linked in the order of their offsets.</summary>
internal sealed class PartitionWindow
{
    /// <summary>The first of the unconfirmed events.</summary>
    public OutstandingEvent? Oldest { get; private set; }

    /// <summary>The offset of the last event that was taken in.</summary>
    public long LastOffset { get; private set; }

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>The size of the last event asked for, when it did not fit.</summary>
    public int RefusedBytes { get; set; }

    /// <summary>With a global order: the first event that has no place in it yet.</summary>
    public OutstandingEvent? FirstUnordered { get; set; }

    private OutstandingEvent? Newest { get; set; }

    public void Append(OutstandingEvent added)
    {
        added.Older = Newest;
        if (Newest is null)
        {
            Oldest = added;
        }
        else
        {
            Newest.Newer = added;
        }

        Newest = added;
        LastOffset = added.Offset;
        Count++;
        Bytes += added.Body.Bytes.Length;
    }

    public void Remove(OutstandingEvent removed)
    {
        if (removed.Older is null)
        {
            Oldest = removed.Newer;
        }
        else
        {
            removed.Older.Newer = removed.Newer;
        }

        if (removed.Newer is null)
        {
            Newest = removed.Older;
        }
        else
        {
            removed.Newer.Older = removed.Older;
        }

        Count--;
        Bytes -= removed.Body.Bytes.Length;
    }
}
