using System.Buffers.Binary;
using System.Text;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Shares;

/// <summary>
/// Who should keep which partition of a shared subscription: rendezvous hashing among the nodes that have members, each with as many partitions as its part of the members. Every node
/// computes the same from the same members. Pure. It is a plan, not a right: the rows decide.
/// </summary>
internal static class SharePlan
{
    /// <summary>Makes the plan.</summary>
    /// <param name="share">The share.</param>
    /// <param name="nodes">The nodes that have members, in the same order everywhere, and how many.</param>
    /// <param name="partitionCount">The number of partitions.</param>
    /// <returns>The index in <paramref name="nodes"/> of each partition's keeper; empty without nodes.</returns>
    public static int[] Make(ulong share, IReadOnlyList<(string Name, int Members)> nodes, int partitionCount)
    {
        if (nodes.Count == 0)
        {
            return [];
        }

        var members = nodes.Sum(node => (long)node.Members);
        var left = nodes.Select(node => (int)(((partitionCount * (long)node.Members) + members - 1) / members)).ToArray();
        var plan = new int[partitionCount];
        for (var partition = 0; partition < partitionCount; partition++)
        {
            var best = Enumerable.Range(0, nodes.Count).Where(node => left[node] > 0).MaxBy(node => Weight(share, nodes[node].Name, partition));
            plan[partition] = best;
            left[best]--;
        }

        return plan;
    }

    private static ulong Weight(ulong share, string node, int partition)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong) + sizeof(int)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, share);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[sizeof(ulong)..], partition);
        return Partitioning.KeyHash(bytes, Encoding.UTF8.GetBytes(node));
    }
}
