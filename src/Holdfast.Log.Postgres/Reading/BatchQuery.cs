namespace Holdfast.Log.Postgres.Reading;

/// <summary>The statements of reading. The segment is a parameter of statements that are planned each time, so that only its table is looked at.</summary>
internal static class BatchQuery
{
    /// <summary>Entries looked at in one statement.</summary>
    public const int EntriesAtOnce = 4096;

    /// <summary>
    /// Batches of a partition ($2) and segment ($1) from the one that holds an offset ($3), before an end ($4), until a number of bytes ($5) is reached.
    /// Bodies lie apart from their rows, so what is left out is not read.
    /// </summary>
    public const string InOrder =
        """
        SELECT base_offset, count, epoch, last_received_at, length, checksum, body
        FROM (
            SELECT *, sum(length) OVER (ORDER BY base_offset) - length AS before
            FROM (
                SELECT base_offset, count, epoch, last_received_at, length, checksum, body
                FROM batch
                WHERE segment = $1 AND partition = $2 AND base_offset < $4 AND base_offset >= coalesce(
                    (SELECT max(base_offset) FROM batch WHERE segment = $1 AND partition = $2 AND base_offset <= $3), $3)
                ORDER BY base_offset
                LIMIT 1024
            ) AS next
        ) AS counted
        WHERE before < $5
        ORDER BY base_offset
        """;

    /// <summary>The entries of a partition ($2) and segment ($1) from the one that holds an offset ($3), before an end ($4).</summary>
    public const string Entries =
        """
        SELECT base_offset, count, length, key_filter
        FROM batch
        WHERE segment = $1 AND partition = $2 AND base_offset < $4 AND base_offset >= coalesce(
            (SELECT max(base_offset) FROM batch WHERE segment = $1 AND partition = $2 AND base_offset <= $3), $3)
        ORDER BY base_offset
        LIMIT $5
        """;

    /// <summary>Some batches of a partition ($2) and segment ($1) by their base offsets ($3).</summary>
    public const string Chosen =
        """
        SELECT base_offset, count, epoch, last_received_at, length, checksum, body
        FROM batch
        WHERE segment = $1 AND partition = $2 AND base_offset = ANY ($3)
        ORDER BY base_offset
        """;
}
