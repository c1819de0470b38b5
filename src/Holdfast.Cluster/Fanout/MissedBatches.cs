namespace Holdfast.Cluster.Fanout;

/// <summary>Up to where each partition is known to be committed beyond what was delivered. Knows no log and no thread.</summary>
internal sealed class MissedBatches(int partitionCount)
{
    private readonly long[] _target = new long[partitionCount];
    private readonly long[] _seenAt = new long[partitionCount];

    public int PartitionCount => partitionCount;

    /// <summary>Up to where the log is to be read.</summary>
    public long Target(int partition) => Volatile.Read(ref _target[partition]);

    /// <summary>Records up to here are committed, and some did not arrive.</summary>
    public void Miss(int partition, long committed)
    {
        var known = Target(partition);
        while (known < committed)
        {
            var seen = Interlocked.CompareExchange(ref _target[partition], committed, known);
            if (seen == known)
            {
                return;
            }

            known = seen;
        }
    }

    /// <summary>An owner says how far it has committed. What is missing is perhaps on its way; only when nothing has arrived since the last time it is missed.</summary>
    /// <returns>Whether it is to be read from the log.</returns>
    public bool Hear(int partition, long committed, long delivered)
    {
        if (delivered >= committed || Interlocked.Exchange(ref _seenAt[partition], delivered) != delivered)
        {
            return false;
        }

        Miss(partition, committed);
        return true;
    }
}
