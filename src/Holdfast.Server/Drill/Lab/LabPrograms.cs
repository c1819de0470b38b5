namespace Holdfast.Server.Drill.Lab;

/// <summary>The programs of the laboratory and where they are.</summary>
internal sealed record LabPrograms
{
    private const string PostgresRoot = "/usr/lib/postgresql";
    private const int OldestPostgres = 15;

    /// <summary>etcd.</summary>
    public required string Etcd { get; init; }

    /// <summary>Patroni.</summary>
    public required string Patroni { get; init; }

    /// <summary>The directory of PostgreSQL's programs.</summary>
    public required string PostgresDirectory { get; init; }

    /// <summary>libfaketime, for clock steps; null when it is not installed.</summary>
    public string? FakeTime { get; init; }

    /// <summary>Whether this process may make network namespaces: it is root, and <c>ip</c> and <c>iptables</c> are there.</summary>
    public required bool HasNamespaces { get; init; }

    /// <summary>Whether packets can be delayed: there is <c>/dev/net/tun</c>.</summary>
    public bool HasTun { get; } = File.Exists("/dev/net/tun");

    /// <summary>Finds them.</summary>
    /// <exception cref="LabException">One is missing; the message names its package.</exception>
    public static LabPrograms Find()
    {
        string? postgres = Directory.Exists(PostgresRoot)
            ? Directory.EnumerateDirectories(PostgresRoot).Where(path => int.TryParse(Path.GetFileName(path), out int version) && version >= OldestPostgres)
                .Select(path => Path.Combine(path, "bin")).Where(path => File.Exists(Path.Combine(path, "postgres"))).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        return new LabPrograms
        {
            Etcd = OnPath("etcd") ?? throw Missing("etcd", "etcd-server"),
            Patroni = OnPath("patroni") ?? throw Missing("patroni", "patroni python3-etcd"),
            PostgresDirectory = postgres ?? throw Missing("postgres 15 or newer", "postgresql"),
            FakeTime = FindFakeTime(),
            HasNamespaces = CanMakeNamespaces(),
        };
    }

    /// <summary>What one machine without a database needs: nothing that could be missing.</summary>
    public static LabPrograms FindForOneMachine() => new()
    {
        Etcd = "",
        Patroni = "",
        PostgresDirectory = "",
        FakeTime = FindFakeTime(),
        HasNamespaces = CanMakeNamespaces(),
    };

    /// <summary>The path of a program, or null.</summary>
    /// <param name="name">Its name.</param>
    public static string? OnPath(string name)
        => $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);

    private static string? FindFakeTime()
    {
        var libraries = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2, IgnoreInaccessible = true };
        return Directory.Exists("/usr/lib") ? Directory.EnumerateFiles("/usr/lib", "libfaketime.so.1", libraries).FirstOrDefault() : null;
    }

    private static bool CanMakeNamespaces() => Environment.IsPrivilegedProcess && OnPath("ip") is not null && OnPath("iptables") is not null;

    private static LabException Missing(string program, string packages)
        => new($"{program} is not installed: './holdfast drill' installs it, or use 'apt-get install {packages}'.");
}
