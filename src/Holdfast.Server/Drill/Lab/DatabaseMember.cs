namespace Holdfast.Server.Drill.Lab;

/// <summary>A database machine: a member of etcd, and a PostgreSQL server under Patroni.</summary>
/// <param name="machine">The machine.</param>
/// <param name="all">The database machines.</param>
/// <param name="network">Where they are.</param>
/// <param name="programs">What they run.</param>
internal sealed class DatabaseMember(LabMachine machine, IReadOnlyList<LabMachine> all, ILabNetwork network, LabPrograms programs) : IDisposable
{
    private const string User = "postgres";
    private static readonly Dictionary<string, string> Nothing = [];

    private LabProcess? _etcd;
    private LabProcess? _patroni;

    /// <summary>The machine.</summary>
    public LabMachine Machine { get; } = machine;

    /// <summary>Patroni's REST API.</summary>
    public Uri Patroni { get; } = new($"http://{machine.Address}:{DatabaseConfiguration.PatroniPort}");

    // PostgreSQL refuses to run as root.
    private static string[] AsUser => Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--init-groups", "--"] : [];

    private string PatroniFile => Path.Combine(Machine.Directory, "patroni.yml");

    /// <summary>Makes its directories and files.</summary>
    public async Task PrepareAsync()
    {
        Directory.CreateDirectory(Path.Combine(Machine.Directory, "etcd"));
        Directory.CreateDirectory(Path.Combine(Machine.Directory, "postgres"));
        await File.WriteAllTextAsync(PatroniFile, DatabaseConfiguration.Patroni(programs, Machine, all));
        if (Environment.IsPrivilegedProcess)
        {
            await LabCommand.RunAsync("chown", "-R", $"{User}:{User}", Machine.Directory);
        }
    }

    /// <summary>Starts what does not run.</summary>
    public void Start()
    {
        if (_etcd is not { HasEnded: false })
        {
            _etcd?.Dispose();
            _etcd = LabProcess.Start(network, Machine, "etcd", Nothing, [.. AsUser, .. DatabaseConfiguration.EtcdCommand(programs.Etcd, Machine, all)]);
        }

        if (_patroni is not { HasEnded: false })
        {
            _patroni?.Dispose();
            _patroni = LabProcess.Start(network, Machine, "postgres", Nothing, [.. AsUser, programs.Patroni, PatroniFile]);
        }
    }

    /// <summary>Kills PostgreSQL and its Patroni.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task KillServerAsync(CancellationToken cancellationToken) => _patroni!.KillAsync(cancellationToken);

    /// <summary>Kills every process of the machine.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task KillMachineAsync(CancellationToken cancellationToken)
    {
        await ProcessTable.KillAsync(Machine.Directory, cancellationToken);
        await _etcd!.WaitForExitAsync(cancellationToken);
        await _patroni!.WaitForExitAsync(cancellationToken);
    }

    /// <summary>The last lines of its logs.</summary>
    public string LastLines() => $"{Machine.Name} etcd:\n{_etcd?.LastLines()}\n{Machine.Name} patroni:\n{_patroni?.LastLines()}";

    /// <inheritdoc/>
    public void Dispose()
    {
        _etcd?.Dispose();
        _patroni?.Dispose();
    }
}
