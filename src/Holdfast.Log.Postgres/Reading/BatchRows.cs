using System.Data;
using Holdfast.Log.Batches;
using Holdfast.Log.Segments.Format;
using Npgsql;
using NpgsqlTypes;

namespace Holdfast.Log.Postgres.Reading;

/// <summary>A row of the table of batches, without its body.</summary>
/// <param name="BaseOffset">The offset of the first record.</param>
/// <param name="Count">The number of records.</param>
/// <param name="Length">Bytes of the body.</param>
/// <param name="KeyFilter">See <see cref="Reading.KeyFilter"/>.</param>
internal readonly record struct BatchRow(long BaseOffset, int Count, int Length, byte[] KeyFilter)
{
    public long NextOffset => BaseOffset + Count;
}

/// <summary>A batch that was read; null when its checksum does not match.</summary>
/// <param name="BaseOffset">The offset of the first record.</param>
/// <param name="NextOffset">The offset after the last record.</param>
/// <param name="Batch">The batch, with a reference.</param>
internal readonly record struct ReadBatch(long BaseOffset, long NextOffset, RecordBatch? Batch);

/// <summary>Runs the queries of <see cref="BatchQuery"/>.</summary>
internal static class BatchRows
{
    /// <summary>See <see cref="BatchQuery.InOrder"/>.</summary>
    public static async Task<List<ReadBatch>> InOrderAsync(
        NpgsqlConnection connection, long segment, int partition, long from, long end, int maximumBytes, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, BatchQuery.InOrder, segment, partition, from, end, (long)maximumBytes);
        return await ReadBodiesAsync(command, partition, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>See <see cref="BatchQuery.Chosen"/>.</summary>
    public static async Task<List<ReadBatch>> ChosenAsync(
        NpgsqlConnection connection, long segment, int partition, long[] baseOffsets, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, BatchQuery.Chosen, segment, partition);
        command.Parameters.Add(new NpgsqlParameter { Value = baseOffsets, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        return await ReadBodiesAsync(command, partition, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>See <see cref="BatchQuery.Entries"/>.</summary>
    public static async Task<List<BatchRow>> EntriesAsync(
        NpgsqlConnection connection, long segment, int partition, long from, long end, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, BatchQuery.Entries, segment, partition, from, end, BatchQuery.EntriesAtOnce);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var entries = new List<BatchRow>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            entries.Add(new BatchRow(reader.GetInt64(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetFieldValue<byte[]>(3)));
        }

        return entries;
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, long segment, int partition, params ReadOnlySpan<long> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = segment });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)partition });
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = value });
        }

        return command;
    }

    private static async Task<List<ReadBatch>> ReadBodiesAsync(NpgsqlCommand command, int partition, CancellationToken cancellationToken)
    {
        var found = new List<ReadBatch>();
        try
        {
            await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                found.Add(await ReadBodyAsync(reader, partition, cancellationToken).ConfigureAwait(false));
            }

            return found;
        }
        catch
        {
            found.ForEach(read => read.Batch?.Release());
            throw;
        }
    }

    private static async Task<ReadBatch> ReadBodyAsync(NpgsqlDataReader row, int partition, CancellationToken cancellationToken)
    {
        var baseOffset = row.GetInt64(0);
        var count = row.GetInt32(1);
        var epoch = row.GetInt64(2);
        var lastReceivedAt = row.GetInt64(3);
        var length = row.GetInt32(4);
        var checksum = row.GetInt32(5);
        await using var body = await row.GetStreamAsync(6, cancellationToken).ConfigureAwait(false);
        if (body.Length != length || count < 1)
        {
            return new ReadBatch(baseOffset, baseOffset + Math.Max(1, count), null);
        }

        var buffer = BatchBuffers.Rent(length);
        try
        {
            await body.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            BatchBuffers.Return(buffer);
            throw;
        }

        if ((int)Crc32C.Of(buffer.AsSpan(0, length)) != checksum)
        {
            BatchBuffers.Return(buffer);
            return new ReadBatch(baseOffset, baseOffset + count, null);
        }

        return new ReadBatch(baseOffset, baseOffset + count, new RecordBatch(partition, baseOffset, epoch, count, lastReceivedAt, buffer, length));
    }
}
