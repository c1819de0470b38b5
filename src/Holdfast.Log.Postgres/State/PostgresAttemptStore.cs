using System.Data;
using Holdfast.Log.Attempts;
using Holdfast.Log.Postgres.Connections;
using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>
/// The attempts of a cluster: a row for each chunk, written by the node that runs the integration and read by all. A row carries the writer's number,
/// so that a group whose outcome is unknown can be sent again.
/// </summary>
/// <param name="work">Reads.</param>
/// <param name="writer">Writes.</param>
/// <param name="name">Names the writer. A row of a name and a number is stored once.</param>
internal sealed class PostgresAttemptStore(PooledWork work, StateWriter writer, Guid name) : IAttemptStore
{
    private const string Insert =
        """
        INSERT INTO attempt (partition, bucket, writer, number, product, name, replay_of, first, last, lost_at, body)
        SELECT partition, bucket, $1, number, product, name, replay_of, first, last, nullif(lost_at, 0), body
        FROM unnest($2::smallint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::smallint[], $10::bigint[], $11::bytea[])
            AS chunk (partition, bucket, number, product, name, replay_of, first, last, lost_at, body)
        ON CONFLICT DO NOTHING
        """;

    private const string Columns = "SELECT product, name, replay_of, partition, bucket, first, last, coalesce(lost_at, 0), body FROM attempt ";

    private const string OfBucket = Columns + "WHERE partition = $1 AND bucket = $2 AND $3 BETWEEN first AND last ORDER BY writer, number";

    private const string AllOfBucket = Columns + "WHERE partition = $1 AND bucket = $2 ORDER BY writer, number";

    private const string Losses = Columns + "WHERE lost_at >= $1 ORDER BY partition, bucket, writer, number";

    private const string Delete = "DELETE FROM attempt WHERE partition = $1 AND bucket < $2 AND (lost_at IS NULL OR lost_at < $3)";

    private long _number;

    public async ValueTask AppendAsync(IReadOnlyList<AttemptChunk> chunks, bool isFlushed)
    {
        if (chunks.Count == 0)
        {
            return;
        }

        var numbers = new long[chunks.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = ++_number;
        }

        await writer.RunAsync(new StateChange(
        [
            StateCommand.Of(
                Insert,
                name,
                chunks.Select(chunk => (short)chunk.Partition).ToArray(),
                chunks.Select(chunk => chunk.Bucket).ToArray(),
                numbers,
                chunks.Select(chunk => chunk.Source.Product).ToArray(),
                chunks.Select(chunk => chunk.Source.Name).ToArray(),
                chunks.Select(chunk => chunk.Source.ReplayOf).ToArray(),
                chunks.Select(chunk => (short)chunk.First).ToArray(),
                chunks.Select(chunk => (short)chunk.Last).ToArray(),
                chunks.Select(chunk => chunk.LossAtMilliseconds).ToArray(),
                chunks.Select(chunk => chunk.Body.ToArray()).ToArray()),
        ])).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<AttemptChunk>> ReadAsync(int partition, long bucket, long? offset, CancellationToken cancellationToken)
        => offset is { } wanted
            ? await QueryAsync(OfBucket, [(short)partition, bucket, (short)(wanted & (AttemptChunk.BucketSize - 1))], cancellationToken).ConfigureAwait(false)
            : await QueryAsync(AllOfBucket, [(short)partition, bucket], cancellationToken).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<AttemptChunk>> ReadLossesAsync(long sinceMilliseconds, CancellationToken cancellationToken)
        => await QueryAsync(Losses, [sinceMilliseconds], cancellationToken).ConfigureAwait(false);

    public async ValueTask RetainAsync(ReadOnlyMemory<long> firstOffsets, long lossesSinceMilliseconds, CancellationToken cancellationToken)
    {
        for (var partition = 0; partition < firstOffsets.Length; partition++)
        {
            var bucket = firstOffsets.Span[partition] >> AttemptChunk.BucketBits;
            if (bucket > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await writer.RunAsync(new StateChange([StateCommand.Of(Delete, (short)partition, bucket, lossesSinceMilliseconds)])).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The connections are the state store's.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<IReadOnlyList<AttemptChunk>> QueryAsync(string sql, object[] values, CancellationToken cancellationToken)
        => await work.RunAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand(sql, connection);
                foreach (var value in values)
                {
                    command.Parameters.Add(new NpgsqlParameter { Value = value });
                }

                await using var rows = await command.ExecuteReaderAsync(CommandBehavior.Default, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                var found = new List<AttemptChunk>();
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    found.Add(new AttemptChunk(
                        new AttemptSource(rows.GetString(0), rows.GetString(1), rows.GetString(2)), rows.GetInt16(3), rows.GetInt64(4), rows.GetInt16(5),
                        rows.GetInt16(6), rows.GetInt64(7), rows.GetFieldValue<byte[]>(8)));
                }

                return (IReadOnlyList<AttemptChunk>)found;
            },
            cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
}
