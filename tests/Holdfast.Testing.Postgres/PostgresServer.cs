using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Holdfast.Testing.Postgres;

/// <summary>A server of its own, that flushes, on a port chosen by the system.</summary>
public sealed class PostgresServer : IDisposable
{
    private readonly string _root;
    private Process? _process;

    private PostgresServer(string root, int port)
    {
        _root = root;
        Port = port;
    }

    public int Port { get; }

    public string ConnectionString => $"Host=127.0.0.1:{Port};Username=postgres;Database=postgres";

    private string Data => Path.Combine(_root, "data");

    private int Pid => int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>Makes and starts a server.</summary>
    public static PostgresServer Create()
    {
        var server = new PostgresServer(PostgresPrograms.MakeDirectory(), FreePort());
        PostgresPrograms.Run("initdb", "-D", server.Data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync");
        server.Start();
        return server;
    }

    /// <summary>Makes and starts a standby, whose name is <c>standby</c>.</summary>
    public static PostgresServer CreateStandbyOf(PostgresServer primary)
    {
        var server = new PostgresServer(PostgresPrograms.MakeDirectory(), FreePort());
        PostgresPrograms.Run(
            "pg_basebackup", "-D", server.Data, "-d", $"host=127.0.0.1 port={primary.Port} user=postgres application_name=standby", "-R", "-X", "stream", "-c", "fast", "--no-sync");
        server.Start();
        return server;
    }

    /// <summary>Starts it. After a kill a backend may still be about to die, and then the server refuses to start; so it is tried again.</summary>
    public void Start()
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            StartOnce();
            try
            {
                WaitUntilReady();
                return;
            }
            catch (NpgsqlException) when (_process is { HasExited: true } && Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(30))
            {
                Thread.Yield();
            }
        }
    }

    private void StartOnce()
    {
        _process = PostgresPrograms.Start(
            "postgres", Path.Combine(_root, "log"), "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1",
            "-k", _root, "-c", "fsync=on", "-c", "max_connections=60", "-c", "shared_buffers=64MB", "-c", "wal_receiver_status_interval=1s");
    }

    /// <summary>Waits until connections are taken.</summary>
    public void WaitUntilReady()
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=5");
                connection.Open();
                return;
            }
            catch (NpgsqlException) when (Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(60) && _process is { HasExited: false })
            {
                Thread.Yield();
            }
        }
    }

    /// <summary>Kills the postmaster; its backends find that out and end.</summary>
    public void Kill()
    {
        var children = BackendPids();
        PostgresPrograms.Signal("KILL", Pid);
        foreach (var child in children)
        {
            TrySignal("KILL", child);
        }

        _process!.WaitForExit();
        File.Delete(Path.Combine(Data, "postmaster.pid"));
    }

    /// <summary>Stops every process of the server where it is: the machine does not answer any more.</summary>
    public void Freeze()
    {
        PostgresPrograms.Signal("STOP", Pid);
        foreach (var child in BackendPids())
        {
            TrySignal("STOP", child);
        }
    }

    public void Thaw()
    {
        foreach (var child in BackendPids())
        {
            TrySignal("CONT", child);
        }

        PostgresPrograms.Signal("CONT", Pid);
    }

    public void Promote() => PostgresPrograms.Run("pg_ctl", "promote", "-D", Data, "-w");

    public void Execute(string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;CommandTimeout=60");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    public T Query<T>(string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;CommandTimeout=60");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return (T)command.ExecuteScalar()!;
    }

    /// <summary>Asks until the answer is yes.</summary>
    public void WaitFor(string sql)
    {
        var begin = Stopwatch.GetTimestamp();
        while (!Query<bool>(sql))
        {
            Assert.True(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(60), $"It did not become true: {sql}");
        }
    }

    /// <summary>Sets a parameter and waits until it is in force.</summary>
    public void Configure(string name, string value)
    {
        Execute($"ALTER SYSTEM SET {name} = '{value}'");
        Execute("SELECT pg_reload_conf()");
        WaitFor($"SELECT current_setting('{name}') = '{value}'");
    }

    public void Dispose()
    {
        if (_process is { HasExited: false })
        {
            Thaw();
            PostgresPrograms.Signal("QUIT", Pid);
            _process.WaitForExit();
        }

        _process?.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void TrySignal(string signal, int process)
    {
        try
        {
            PostgresPrograms.Signal(signal, process);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private List<int> BackendPids()
    {
        var parent = Pid.ToString(CultureInfo.InvariantCulture);
        return [.. Directory.GetDirectories("/proc")
            .Where(path => int.TryParse(Path.GetFileName(path), out _) && ParentOf(path) == parent)
            .Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))];
    }

    private static string ParentOf(string process)
    {
        try
        {
            var status = File.ReadAllText(Path.Combine(process, "stat"));
            return status[(status.LastIndexOf(')') + 2)..].Split(' ')[1];
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }
}
