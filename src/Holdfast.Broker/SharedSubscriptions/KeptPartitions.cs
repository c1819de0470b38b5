using Holdfast.Log.State;

namespace Holdfast.Broker.SharedSubscriptions;

/// <summary>Which partitions of the log a node of a cluster reads for a shared subscription. Guarded by the subscription's lock.</summary>
internal sealed class KeptPartitions(int partitionCount)
{
    /// <summary>The stop of a partition that is sent.</summary>
    private const long NotStopped = -1;

    private readonly bool[] _isKept = new bool[partitionCount];
    private readonly long[] _stoppedAt = new long[partitionCount];
    private readonly StoredSharePartition?[] _stored = new StoredSharePartition?[partitionCount];

    public IReadOnlyList<int> Sending => [.. Enumerable.Range(0, partitionCount).Where(IsSent)];

    public IReadOnlyList<int> Stopped => [.. Enumerable.Range(0, partitionCount).Where(partition => _isKept[partition] && _stoppedAt[partition] != NotStopped)];

    public IEnumerable<int> All => Enumerable.Range(0, partitionCount).Where(partition => _isKept[partition]);

    public bool IsEmpty => Array.TrueForAll(_isKept, isKept => !isKept);

    public bool IsSent(int partition) => _isKept[partition] && _stoppedAt[partition] == NotStopped;

    public void Take(StoredSharePartition part) => (_isKept[part.Partition], _stoppedAt[part.Partition], _stored[part.Partition]) = (true, NotStopped, part);

    /// <param name="partition">The partition.</param>
    /// <param name="next">The next offset that would be sent.</param>
    public void Stop(int partition, long next) => _stoppedAt[partition] = _stoppedAt[partition] == NotStopped ? next : _stoppedAt[partition];

    public void GiveUp(int partition) => (_isKept[partition], _stored[partition]) = (false, null);

    /// <summary>The next offset to be sent, of a partition that is kept.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="reading">Where the subscription reads.</param>
    public long Position(int partition, long[] reading) => _stoppedAt[partition] == NotStopped ? reading[partition] : _stoppedAt[partition];

    /// <summary>Takes note of what is to be stored.</summary>
    /// <returns>False when the row is the same already.</returns>
    public bool TryStore(StoredSharePartition part)
    {
        if (part.IsSameAs(_stored[part.Partition]))
        {
            return false;
        }

        _stored[part.Partition] = part;
        return true;
    }

    /// <summary>It could not be stored: it is stored again.</summary>
    public void PutBack(int partition) => _stored[partition] = null;
}
