using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Fanout;

/// <summary>Batches that their owner has committed, for the subscribers of another node.</summary>
/// <param name="From">The owner.</param>
/// <param name="Batches">Of each partition in the order of their offsets.</param>
[GenerateSerializer, Immutable]
public sealed record PushedBatches(NodeId From, PushedBatch[] Batches);

/// <summary>A committed batch.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="BaseOffset">The offset of the first record.</param>
/// <param name="Count">The number of records.</param>
/// <param name="LastReceivedAtMilliseconds">The newest time of receipt, in Unix milliseconds.</param>
/// <param name="Body">The records.</param>
[GenerateSerializer, Immutable]
public sealed record PushedBatch(int Partition, long BaseOffset, int Count, long LastReceivedAtMilliseconds, byte[] Body)
{
    /// <summary>
    /// Not 0: only the offsets are told, without the records; none of them is retained or matched by a filter of the node, as far as this version of its filters.
    /// </summary>
    [Id(0)]
    public long JudgedBy { get; init; }
}
