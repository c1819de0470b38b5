using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Ownership;

/// <summary>Who owns what, as the owners themselves say. What is known may be old: the database decides when somebody appends.</summary>
internal sealed class OwnerTable(int partitionCount)
{
    private readonly Lock _lock = new();
    private readonly NodeId?[] _owners = new NodeId?[partitionCount];
    private readonly long[] _epochs = new long[partitionCount];

    /// <summary>An owner has changed. One call at a time, outside of any lock.</summary>
    public event Action? Changed;

    public int PartitionCount => partitionCount;

    /// <summary>The owner of a partition; null while nobody says to own it.</summary>
    public NodeId? OwnerOf(int partition) => Volatile.Read(ref _owners[partition]);

    /// <summary>The epoch under which the owner that was last heard of has owned a partition.</summary>
    public long EpochOf(int partition) => Volatile.Read(ref _epochs[partition]);

    /// <summary>Whether every partition has an owner.</summary>
    public bool IsComplete => Array.TrueForAll(_owners, owner => owner is not null);

    /// <summary>A node says what it owns. What it does not name it has let go.</summary>
    /// <param name="node">Who says so.</param>
    /// <param name="owned">Partitions and epochs.</param>
    public void Hear(NodeId node, IReadOnlyList<OwnedPartition> owned)
    {
        var changed = false;
        lock (_lock)
        {
            for (var partition = 0; partition < partitionCount; partition++)
            {
                if (_owners[partition] == node && !owned.Any(one => one.Partition == partition))
                {
                    Volatile.Write(ref _owners[partition], null);
                    changed = true;
                }
            }

            foreach (var one in owned)
            {
                // Who was fenced and does not know it yet has the lower epoch.
                if (one.Epoch >= _epochs[one.Partition] && (_owners[one.Partition] != node || _epochs[one.Partition] != one.Epoch))
                {
                    changed |= _owners[one.Partition] != node;
                    Volatile.Write(ref _epochs[one.Partition], one.Epoch);
                    Volatile.Write(ref _owners[one.Partition], node);
                }
            }
        }

        if (changed)
        {
            Changed?.Invoke();
        }
    }
}
