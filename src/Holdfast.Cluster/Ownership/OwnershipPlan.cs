using System.Buffers.Binary;
using System.Text;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Ownership;

/// <summary>
/// Who should own what: rendezvous hashing with an even share for everybody. Every node computes the same from the same names; when one leaves, its own
/// partitions move and few others. Pure.
/// </summary>
internal static class OwnershipPlan
{
    /// <summary>Makes the plan.</summary>
    /// <param name="nodes">The names of the nodes that take part.</param>
    /// <param name="partitionCount">The number of partitions.</param>
    /// <returns>The index in <paramref name="nodes"/> of each partition's owner; empty without nodes.</returns>
    public static int[] Make(IReadOnlyList<string> nodes, int partitionCount)
    {
        if (nodes.Count == 0)
        {
            return [];
        }

        var share = (partitionCount + nodes.Count - 1) / nodes.Count;
        var owned = new int[nodes.Count];
        var plan = new int[partitionCount];
        var hashes = nodes.Select(node => Partitioning.KeyHash([], Encoding.UTF8.GetBytes(node))).ToArray();
        for (var partition = 0; partition < partitionCount; partition++)
        {
            var best = -1;
            for (var node = 0; node < hashes.Length; node++)
            {
                if (owned[node] < share && (best < 0 || Weight(hashes[node], partition) > Weight(hashes[best], partition)))
                {
                    best = node;
                }
            }

            plan[partition] = best;
            owned[best]++;
        }

        return plan;
    }

    private static ulong Weight(ulong node, int partition)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong) + sizeof(int)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, node);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[sizeof(ulong)..], partition);
        return Partitioning.KeyHash([], bytes);
    }
}
