using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Holdfast.Log.State.Sqlite;

/// <summary>
/// Moves the write-ahead log into the database, on a connection and a thread of its own, so that commits do not wait for it. SQLite
/// reuses the log from its start only when every frame was moved; commits that come all the time prevent that, so once the log is far
/// too long the writer waits for the running move and does the rest itself, between two commits.
/// </summary>
internal sealed class WalCheckpointer : IDisposable
{
    /// <summary>The log's length from which on it is moved.</summary>
    public const long StartBytes = 16 * 1024 * 1024;

    /// <summary>The log's length from which on the writer helps.</summary>
    private const long BehindBytes = 4 * StartBytes;

    private readonly Lock _moving = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly StateConnection _connection;
    private readonly string _walPath;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private bool _failing;

    public WalCheckpointer(StateConnection connection, string path, ILogger logger)
    {
        _connection = connection;
        _walPath = path + "-wal";
        _logger = logger;
        _thread = new Thread(Work) { Name = "state checkpoints", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Prepares the writer's connection: after a restart of the log, what is longer than the start length is cut off.</summary>
    public static void Prepare(StateConnection writer) => writer.Script($"PRAGMA journal_size_limit = {StartBytes}");

    /// <summary>Called by the writer, outside a transaction.</summary>
    public void AfterCommit(StateConnection writer)
    {
        var length = WalLength();
        if (length > BehindBytes)
        {
            Move(writer);
        }
        else if (length > StartBytes)
        {
            _wake.Set();
        }
    }

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
        _connection.Dispose();
    }

    private void Work()
    {
        while (_wake.WaitOne() && !_stopping)
        {
            Move(_connection);
        }
    }

    private void Move(StateConnection connection)
    {
        lock (_moving)
        {
            try
            {
                connection.Execute("PRAGMA wal_checkpoint(PASSIVE)");
                _failing = false;
            }
            catch (SqliteException error)
            {
                Warn(error);
            }
        }
    }

    private void Warn(SqliteException error)
    {
        if (!_failing)
        {
            _failing = true;
            _logger.LogWarning("The write-ahead log {Path} cannot be moved into the database and grows meanwhile: {Reason}", _walPath, error.Message);
        }
    }

    private long WalLength()
    {
        var wal = new FileInfo(_walPath);
        return wal.Exists ? wal.Length : 0;
    }
}
