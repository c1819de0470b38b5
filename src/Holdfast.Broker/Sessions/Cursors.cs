namespace Holdfast.Broker.Sessions;

/// <summary>Comparisons of cursors: one offset per partition.</summary>
internal static class Cursors
{
    /// <summary>Whether a cursor is at or beyond another in every partition.</summary>
    public static bool HasReached(ReadOnlySpan<long> cursor, ReadOnlySpan<long> target)
    {
        for (var partition = 0; partition < cursor.Length; partition++)
        {
            if (cursor[partition] < target[partition])
            {
                return false;
            }
        }

        return true;
    }
}
