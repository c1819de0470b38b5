namespace Holdfast.Log.Segments.Indexes;

/// <summary>The batches of one partition in one segment, in the order of their offsets, without holes between them.</summary>
internal interface IPartitionIndex
{
    /// <summary>The number of batches.</summary>
    int Count { get; }

    /// <summary>A batch.</summary>
    /// <param name="ordinal">Its place in the order.</param>
    BatchEntry this[int ordinal] { get; }

    /// <summary>Finds the batches that hold one of several keys, and those that concern every key.</summary>
    /// <param name="keys">The key hashes.</param>
    /// <param name="fromOrdinal">The first batch that matters.</param>
    /// <param name="ordinals">Receives the ordinals, in any order, with repetitions.</param>
    void Find(IReadOnlySet<ulong> keys, int fromOrdinal, List<int> ordinals);
}

/// <summary>What follows from the order of the entries.</summary>
internal static class PartitionIndexExtensions
{
    /// <summary>The first batch that ends behind an offset; the count when there is none.</summary>
    public static int FirstOrdinal(this IPartitionIndex index, long offset)
    {
        var low = 0;
        var high = index.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (index[middle].NextOffset <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
