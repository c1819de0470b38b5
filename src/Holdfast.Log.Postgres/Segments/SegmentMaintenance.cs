using System.Globalization;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.Postgres.Schema;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Holdfast.Log.Postgres.Segments;

/// <summary>
/// Begins segments and removes old ones. One node does it at a time; who finds another at work leaves it to that one. Failing is no harm: appends go
/// on in the segment that there is.
/// </summary>
internal sealed class SegmentMaintenance(PrimaryDatabase database, PostgresOptions options, SegmentDirectory list)
{
    /// <summary>Begins the segment after another, unless somebody has. Its table is there already; the table of the one after it is made.</summary>
    /// <param name="current">The segment that has grown enough.</param>
    public async Task BeginAfterAsync(long current)
    {
        try
        {
            var next = current + 1;
            var begun = await InTransactionAsync(connection => BeginAsync(connection, next), CancellationToken.None).ConfigureAwait(false);
            if (begun)
            {
                await InTransactionAsync(connection => MakeTableAsync(connection, next + 1), CancellationToken.None).ConfigureAwait(false);
            }

            await list.RefreshAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is NpgsqlException or DatabaseUnavailableException or TimeoutException)
        {
            options.Logger.LogWarning("Segment {Segment} could not be followed by a new one yet: {Reason}", current, error.Message);
        }
    }

    /// <summary>Removes what the policy no longer keeps.</summary>
    public async Task<RetentionResult> ApplyAsync(
        RetentionPolicy policy, long[] appliedOffsets, Func<LogSegment[], long> bytesNow, CancellationToken cancellationToken)
    {
        var removed = 0;
        long bytes = 0;
        var segments = await list.RefreshAsync(cancellationToken).ConfigureAwait(false);
        while (segments.Length > 1 && MayRemove(segments, policy, appliedOffsets, bytesNow(segments)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var oldest = segments[0].Number;
            if (!await TryRemoveAsync(oldest, cancellationToken).ConfigureAwait(false))
            {
                break;
            }

            removed++;
            bytes += segments[1].BaseBytes - segments[0].BaseBytes;
            segments = await list.RefreshAsync(cancellationToken).ConfigureAwait(false);
        }

        if (removed > 0)
        {
            options.Logger.LogInformation("Retention removed {Segments} segments, {Bytes} bytes.", removed, bytes);
        }

        return new RetentionResult(removed, bytes, segments[0].BaseOffsets);
    }

    private bool MayRemove(LogSegment[] segments, RetentionPolicy policy, long[] appliedOffsets, long bytes)
    {
        var next = segments[1];
        for (var partition = 0; partition < next.BaseOffsets.Length; partition++)
        {
            if (next.BaseOffsets[partition] > appliedOffsets[partition])
            {
                return false;
            }
        }

        // Everything in a segment was stored before the next one was begun.
        return bytes > policy.MaximumBytes || next.BegunAt < options.TimeProvider.GetUtcNow() - policy.MaximumAge
            || segments[0].LastReceivedAt < policy.NothingKeptBefore?.ToUnixTimeMilliseconds();
    }

    private static async Task<bool> BeginAsync(NpgsqlConnection connection, long number)
    {
        var newest = await connection.ScalarAsync("SELECT max(number) FROM segment", CancellationToken.None).ConfigureAwait(false);
        if (newest is not long current || current != number - 1)
        {
            return false;
        }

        await MakeTableAsync(connection, number).ConfigureAwait(false);

        // With all heads locked, every batch before the bases lies in an earlier segment, and every other one in this or a later one.
        await connection.ScriptAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                SELECT 1 FROM partition_head ORDER BY partition FOR UPDATE;
                INSERT INTO segment (number, base_offsets, base_bytes)
                    SELECT {number}, array_agg(next_offset ORDER BY partition), sum(bytes) FROM partition_head;
                UPDATE segment SET (first_received_at, last_received_at) = (SELECT min(first_received_at), max(last_received_at) FROM partition_head)
                    WHERE number = {number - 1};
                UPDATE partition_head SET segment = {number}, first_received_at = NULL, last_received_at = NULL;
                """),
            CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    private static async Task<bool> MakeTableAsync(NpgsqlConnection connection, long number)
    {
        if (await connection.ScalarAsync($"SELECT to_regclass('{SegmentTables.Name(number)}')::text", CancellationToken.None).ConfigureAwait(false) is null)
        {
            await connection.ScriptAsync(SegmentTables.Create(number), CancellationToken.None).ConfigureAwait(false);
        }

        return true;
    }

    private static async Task<bool> RemoveAsync(NpgsqlConnection connection, long number)
    {
        await connection.ScriptAsync(
            string.Create(CultureInfo.InvariantCulture, $"DROP TABLE IF EXISTS {SegmentTables.Name(number)}; DELETE FROM segment WHERE number = {number};"),
            CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> TryRemoveAsync(long number, CancellationToken cancellationToken)
    {
        try
        {
            return await InTransactionAsync(connection => RemoveAsync(connection, number), cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // While it waits for the lock, appends and reads wait behind it; a later run may be luckier.
            options.Logger.LogInformation("Segment {Segment} is being read and will be removed by a later run of retention.", number);
            return false;
        }
    }

    private async Task<bool> InTransactionAsync(Func<NpgsqlConnection, Task<bool>> work, CancellationToken cancellationToken)
    {
        var (connection, server) = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            var mine = await connection.ScalarAsync(
                string.Create(CultureInfo.InvariantCulture, $"SELECT pg_try_advisory_xact_lock({AdvisoryLocks.Segments(options.Schema)})"), cancellationToken)
                .ConfigureAwait(false);
            if (mine is not true || !await work(connection).ConfigureAwait(false))
            {
                return false;
            }

            await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (NpgsqlException error) when (error is not PostgresException)
        {
            database.Suspect(server);
            throw;
        }
    }
}
