using System.Globalization;
using Npgsql;

namespace Holdfast.Log.Postgres.Connections;

/// <summary>One source of connections for each host of a connection string, with the settings that durability needs.</summary>
internal static class HostList
{
    /// <summary>The work memory of a connection: the bodies of the largest group pass through it without touching the disk.</summary>
    private const string WorkMemory = "16MB";

    /// <summary>Silence after which the system asks whether the other machine is still there.</summary>
    private const int KeepAliveSeconds = 2;

    /// <summary>Splits the hosts.</summary>
    public static IReadOnlyList<(string Name, NpgsqlDataSource Source)> Read(PostgresOptions options)
    {
        var all = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        var hosts = (all.Host ?? string.Empty).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (hosts.Length == 0)
        {
            throw new ArgumentException("The connection string names no host. Write Host=a,b,c;Username=…;Database=….");
        }

        return [.. hosts.Select(host => (host, NpgsqlDataSource.Create(ForHost(all, host, options))))];
    }

    private static string ForHost(NpgsqlConnectionStringBuilder all, string host, PostgresOptions options)
    {
        var lockTimeout = ((long)options.LockTimeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        return new NpgsqlConnectionStringBuilder(all.ConnectionString)
        {
            Host = host,
            TargetSessionAttributes = null,
            Timeout = (int)options.ConnectTimeout.TotalSeconds,
            CommandTimeout = 0,
            Pooling = true,
            MinPoolSize = 0,
            MaxPoolSize = options.MaximumReads + 16,
            ConnectionIdleLifetime = 60,
            NoResetOnClose = true,
            TcpKeepAlive = true,
            TcpKeepAliveTime = KeepAliveSeconds,
            TcpKeepAliveInterval = KeepAliveSeconds,
            ApplicationName = all.ApplicationName ?? "holdfast",
            SearchPath = options.Schema,
            Options = $"{all.Options} -c synchronous_commit=on -c lock_timeout={lockTimeout} -c work_mem={WorkMemory} -c statement_timeout=0",
        }.ConnectionString;
    }
}
