using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Holdfast.Log.State.Sqlite;

/// <summary>
/// Reads on connections of their own, each within one snapshot. Rows are read on the thread pool, ahead of the consumer by a few chunks.
/// </summary>
internal sealed class StateReader(string path)
{
    private const int RowsPerChunk = 256;
    private const int ChunksAhead = 8;

    /// <summary>Reads something small.</summary>
    public Task<T> ReadAsync<T>(Func<StateConnection, T> read, CancellationToken cancellationToken) => Task.Run(() => Read(read), cancellationToken);

    /// <summary>Streams rows.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(
        Func<StateConnection, IEnumerable<T>> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var chunks = Channel.CreateBounded<T[]>(new BoundedChannelOptions(ChunksAhead) { SingleReader = true, SingleWriter = true });
        var producing = Task.Run(() => ProduceAsync(rows, chunks.Writer, abandoned.Token), CancellationToken.None);
        try
        {
            await foreach (var chunk in chunks.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                foreach (var row in chunk)
                {
                    yield return row;
                }
            }
        }
        finally
        {
            await abandoned.CancelAsync().ConfigureAwait(false);
            await producing.ConfigureAwait(false);
        }
    }

    private T Read<T>(Func<StateConnection, T> read)
    {
        try
        {
            using var connection = StateConnection.Open(path, SqliteOpenMode.ReadWrite);
            connection.Script("BEGIN");
            return read(connection);
        }
        catch (Exception error) when (error is SqliteException or InvalidDataException)
        {
            throw StateErrors.Translate(error, path);
        }
    }

    private async Task ProduceAsync<T>(
        Func<StateConnection, IEnumerable<T>> rows, ChannelWriter<T[]> chunks, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = StateConnection.Open(path, SqliteOpenMode.ReadWrite);
            connection.Script("BEGIN");
            foreach (var chunk in rows(connection).Chunk(RowsPerChunk))
            {
                await chunks.WriteAsync(chunk, cancellationToken).ConfigureAwait(false);
            }

            chunks.Complete();
        }
        catch (Exception error)
        {
            chunks.Complete(StateErrors.Translate(error, path));
        }
    }
}
