using System.Threading.Channels;
using Holdfast.Log.Partitions;
using Microsoft.Data.Sqlite;

namespace Holdfast.Log.State.Sqlite;

/// <summary>
/// The only writer: a thread with a connection of its own that commits everything that waits in one transaction. While one
/// transaction is flushed the next one gathers, so the cost of a flush is shared by all who came in the meantime.
/// </summary>
internal sealed class StateWriter : IAsyncDisposable
{
    /// <summary>Changes that wait; whoever comes then waits asynchronously for room.</summary>
    private const int QueueLimit = 16_384;

    /// <summary>Changes in one transaction.</summary>
    private const int GroupLimit = 4_096;

    private readonly Channel<StateChange> _queue = Channel.CreateBounded<StateChange>(new BoundedChannelOptions(QueueLimit) { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StateConnection _connection;
    private readonly WalCheckpointer _checkpointer;
    private readonly string _path;
    private FlushFailedException? _flushFailure;
    private long _transactions;

    public StateWriter(StateConnection connection, WalCheckpointer checkpointer, string path)
    {
        _connection = connection;
        _checkpointer = checkpointer;
        _path = path;
        new Thread(Work) { Name = "state writer", IsBackground = true }.Start();
    }

    /// <summary>Transactions committed since the start.</summary>
    public long Transactions => Interlocked.Read(ref _transactions);

    /// <summary>Runs a change in the next transaction.</summary>
    /// <returns>Its result, once it is on disk.</returns>
    public async ValueTask<T> RunAsync<T>(Func<StateConnection, T> change)
    {
        var waiting = new StateChange<T>(change);
        if (!_queue.Writer.TryWrite(waiting))
        {
            await WriteWhenThereIsRoomAsync(waiting).ConfigureAwait(false);
        }

        return await waiting.Completion.ConfigureAwait(false);
    }

    /// <summary>Commits what waits, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _ended.Task.ConfigureAwait(false);
    }

    private async ValueTask WriteWhenThereIsRoomAsync(StateChange change)
    {
        try
        {
            await _queue.Writer.WriteAsync(change).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteStateStore));
        }
    }

    private void Work()
    {
        var group = new List<StateChange>(GroupLimit);
        while (WaitForChanges())
        {
            while (group.Count < GroupLimit && _queue.Reader.TryRead(out var change))
            {
                group.Add(change);
            }

            Commit(group);
            group.Clear();
            _checkpointer.AfterCommit(_connection);
        }

        _ended.SetResult();
    }

    private bool WaitForChanges()
    {
        var waiting = _queue.Reader.WaitToReadAsync();
        return waiting.IsCompletedSuccessfully ? waiting.Result : waiting.AsTask().GetAwaiter().GetResult();
    }

    private void Commit(List<StateChange> group)
    {
        var error = _flushFailure ?? TryCommit(group);
        if (error is null)
        {
            Interlocked.Increment(ref _transactions);
            group.ForEach(change => change.Complete());
        }
        else if (group.Count == 1 || error is StateStoreFullException or FlushFailedException)
        {
            _flushFailure = error as FlushFailedException;
            group.ForEach(change => change.Fail(error));
        }
        else
        {
            // One of them is to blame; alone, each meets its own fate.
            group.ForEach(change => Commit([change]));
        }
    }

    private Exception? TryCommit(List<StateChange> group)
    {
        try
        {
            _connection.Execute("BEGIN IMMEDIATE");
            foreach (var change in group)
            {
                change.Apply(_connection);
            }

            _connection.Execute("COMMIT");
            return null;
        }
        catch (Exception error)
        {
            RollBack();
            return StateErrors.Translate(error, _path);
        }
    }

    private void RollBack()
    {
        try
        {
            // SQLite may have rolled back by itself, when the disk was full for example.
            if (_connection.InTransaction)
            {
                _connection.Execute("ROLLBACK");
            }
        }
        catch (SqliteException)
        {
            // The next transaction cannot begin then, and says why to its callers.
        }
    }
}
