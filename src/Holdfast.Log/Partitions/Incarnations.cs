namespace Holdfast.Log.Partitions;

/// <summary>
/// The lives of a store. One that is restored from a backup goes on with offsets that may have been given to other records between the backup and the restore; so a new life begins, with a
/// name of its own. A record belongs to the life in which it was stored, and so does its id.
/// </summary>
/// <param name="current">The name of this life.</param>
/// <param name="earlier">The lives before it, the oldest first.</param>
public sealed class Incarnations(string current, IReadOnlyList<EarlierIncarnation> earlier)
{
    /// <summary>The name of this life.</summary>
    public string Current => current;

    /// <summary>The lives before it, the oldest first.</summary>
    public IReadOnlyList<EarlierIncarnation> Earlier => earlier;

    /// <summary>The life in which a record was stored.</summary>
    /// <param name="partition">Its partition.</param>
    /// <param name="offset">Its offset.</param>
    public string Of(int partition, long offset)
    {
        foreach (var life in earlier)
        {
            if (offset < life.EndOffsets[partition])
            {
                return life.Name;
            }
        }

        return current;
    }
}

/// <summary>A life of a store that ended with a restore.</summary>
/// <param name="Name">Its name.</param>
/// <param name="EndOffsets">Of each partition, the first offset that the next life gave.</param>
public sealed record EarlierIncarnation(string Name, long[] EndOffsets);
