using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres.Connections;
using Npgsql;

namespace Holdfast.Log.Postgres.Segments;

/// <summary>What this process knows of the segments. Others begin and remove some as well, so whoever finds it wanting reads it again.</summary>
internal sealed class SegmentDirectory(PrimaryDatabase database)
{
    private volatile LogSegment[] _current = [];

    /// <summary>The segments, the oldest first; never empty once they were read.</summary>
    public LogSegment[] Current => _current;

    /// <summary>The one that is appended to.</summary>
    public LogSegment Newest => _current[^1];

    /// <summary>Reads the segments.</summary>
    public async Task<LogSegment[]> RefreshAsync(CancellationToken cancellationToken)
    {
        var (connection, _) = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        await using var command = new NpgsqlCommand("SELECT number, begun_at, base_offsets, base_bytes, first_received_at, last_received_at FROM segment ORDER BY number", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var found = new List<LogSegment>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            found.Add(new LogSegment(
                reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<long[]>(2), reader.GetInt64(3),
                reader.IsDBNull(4) ? null : reader.GetInt64(4), reader.IsDBNull(5) ? null : reader.GetInt64(5)));
        }

        return _current = found.Count > 0 ? [.. found] : throw new InvalidDataException("There is no segment: the schema was changed by hand.");
    }

    /// <summary>See <see cref="IPartitionLog.FindReceived"/>; whole segments at a time.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="wanted">The first time wanted and the time after the last one.</param>
    /// <param name="growing">The times in the newest segment.</param>
    /// <param name="committed">Where the partition ends.</param>
    public OffsetRange FindReceived(int partition, (long From, long To) wanted, ReceivedTimes growing, long committed)
    {
        var segments = _current;
        var (from, to) = (committed, committed);
        for (var i = segments.Length - 1; i >= 0; i--)
        {
            var times = i == segments.Length - 1 ? growing
                : new ReceivedTimes(segments[i].FirstReceivedAt ?? long.MinValue, segments[i].LastReceivedAt ?? long.MaxValue);
            if (times.First < wanted.To && times.Last >= wanted.From)
            {
                to = from == committed && i + 1 < segments.Length ? Math.Min(committed, segments[i + 1].BaseOffsets[partition]) : to;
                from = Math.Min(committed, segments[i].BaseOffsets[partition]);
            }
        }

        return new OffsetRange(from, to);
    }

    /// <summary>The place in <see cref="Current"/> of the segment that holds an offset, or would.</summary>
    public static int Find(LogSegment[] segments, int partition, long offset)
    {
        var place = segments.Length - 1;
        while (place > 0 && segments[place].BaseOffsets[partition] > offset)
        {
            place--;
        }

        return place;
    }
}
