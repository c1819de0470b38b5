using Npgsql;

namespace Holdfast.Log.Postgres.Connections;

/// <summary>Listens for warnings of the server while something is committed: after one, the standby may not have it.</summary>
internal sealed class CommitWarnings : IDisposable
{
    private readonly NpgsqlConnection _connection;
    private volatile bool _warned;

    public CommitWarnings(NpgsqlConnection connection)
    {
        _connection = connection;
        connection.Notice += OnNotice;
    }

    /// <summary>To be called after the commit.</summary>
    /// <exception cref="DatabaseUnavailableException">The outcome is unknown.</exception>
    public void ThrowIfAny()
    {
        if (_warned)
        {
            throw new DatabaseUnavailableException("The server warned when it committed: the standby may not have it.");
        }
    }

    public void Dispose() => _connection.Notice -= OnNotice;

    private void OnNotice(object sender, NpgsqlNoticeEventArgs notice) => _warned |= notice.Notice.InvariantSeverity == "WARNING";
}
