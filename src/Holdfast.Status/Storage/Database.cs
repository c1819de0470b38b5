using Microsoft.Data.Sqlite;

namespace Holdfast.Status.Storage;

/// <summary>
/// The status page's own SQLite database. Every commit is flushed to disk; other processes (the commands beside a page that runs) may use it at the same time.
/// Used by one thread at a time.
/// </summary>
internal sealed class Database : IDisposable
{
    /// <summary>The file's name below the data directory.</summary>
    public const string FileName = "status.db";

    private const int BusySeconds = 10;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = [];

    private Database(SqliteConnection connection)
    {
        _connection = connection;
    }

    /// <summary>Opens the database of a data directory, and makes both when they are missing.</summary>
    /// <exception cref="StatusDataException">It cannot be used. The message says why and what to do.</exception>
    public static Database Open(string directory)
    {
        string path = Path.Combine(directory, FileName);
        SqliteConnection? connection = null;
        try
        {
            Directory.CreateDirectory(directory);
            connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = BusySeconds }.ConnectionString);
            connection.Open();
            var database = new Database(connection);
            database.Script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
            database.MakeSchema(path);
            return database;
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            connection?.Dispose();
            throw new StatusDataException($"The status page's data in '{path}' cannot be used: {exception.Message}", exception);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>Does something wholly or not at all.</summary>
    public void Transact(Action change)
    {
        Script("BEGIN IMMEDIATE");
        try
        {
            change();
            Script("COMMIT");
        }
        catch
        {
            Script("ROLLBACK");
            throw;
        }
    }

    /// <summary>Runs a statement; its parameters are $1, $2 and so on.</summary>
    /// <returns>The number of rows changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteNonQuery();

    /// <summary>Runs a query and reads all its rows.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        using SqliteDataReader reader = Bind(sql, values).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SqliteCommand command in _commands.Values)
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private void MakeSchema(string path)
    {
        Transact(() =>
        {
            long version = Query("PRAGMA user_version", row => row.GetInt64(0)).Single();
            if (version > SchemaSteps.All.Count)
            {
                throw new StatusDataException($"'{path}' was written by a newer version of Holdfast (format {version}). Use that version.");
            }

            foreach (string step in SchemaSteps.All.Skip((int)version))
            {
                Script(step);
            }

            Script($"PRAGMA user_version = {SchemaSteps.All.Count}");
        });
    }

    private void Script(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Bind(string sql, ReadOnlySpan<object?> values)
    {
        if (!_commands.TryGetValue(sql, out SqliteCommand? command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (int index = 1; index <= values.Length; index++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${index}" });
            }

            _commands.Add(sql, command);
        }

        for (int index = 0; index < values.Length; index++)
        {
            command.Parameters[index].Value = values[index] ?? DBNull.Value;
        }

        return command;
    }
}
