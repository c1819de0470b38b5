using System.Globalization;
using System.Net;

namespace Holdfast.Server.Drill.Lab;

/// <summary>
/// Machines, their network and their database on this machine, in a fresh directory. Disposing of it, or the end of this process, leaves nothing.
/// </summary>
internal sealed class Laboratory : IAsyncDisposable
{
    /// <summary>The zones: three regions of two vendors.</summary>
    public static readonly IReadOnlyList<string> Zones = ["alder/north/a", "alder/south/b", "birch/west/c"];

    private const int FirstDatabaseAddress = 11;
    private const int FirstNodeAddress = 21;
    private const string Traversable = "711";

    private readonly LabJanitor _janitor;

    private Laboratory(string directory, LabJanitor janitor, ILabNetwork network, LabPrograms programs, IReadOnlyList<LabMachine> databases, IReadOnlyList<LabMachine> nodes)
    {
        (Root, _janitor, Network, Programs, NodeMachines) = (directory, janitor, network, programs, nodes);
        Database = new LabDatabase(databases, network, programs, TimeProvider.System);
    }

    /// <summary>Its directory.</summary>
    public string Root { get; }

    /// <summary>Its network.</summary>
    public ILabNetwork Network { get; }

    /// <summary>What it runs.</summary>
    public LabPrograms Programs { get; }

    /// <summary>Its database.</summary>
    public LabDatabase Database { get; }

    /// <summary>The machines for nodes, one in each zone.</summary>
    public IReadOnlyList<LabMachine> NodeMachines { get; }

    /// <summary>Makes the machines and their network. The database is not started.</summary>
    /// <param name="parent">Where its directory is made; not on tmpfs, where a flush costs nothing.</param>
    /// <param name="programs">What it runs.</param>
    /// <param name="useNamespaces">Whether each machine gets a network namespace; otherwise an address of the loopback network.</param>
    /// <param name="databaseMachines">How many machines have a database: the primary and its standbys.</param>
    /// <exception cref="LabException">The system refuses.</exception>
    public static async Task<Laboratory> CreateAsync(string parent, LabPrograms programs, bool useNamespaces, int databaseMachines = 3)
    {
        (int high, int low) = (Random.Shared.Next(1, 255), Random.Shared.Next(1, 255));
        string name = string.Create(CultureInfo.InvariantCulture, $"hf{high:x2}{low:x2}");
        string directory = Path.Combine(parent, $"holdfast-lab-{Path.GetRandomFileName().Split('.')[0]}");
        var janitor = LabJanitor.Start(directory, useNamespaces ? name : "");
        try
        {
            Directory.CreateDirectory(directory);
            await LabCommand.RunAsync("chmod", Traversable, directory);
            LabMachine[] databases = [.. Machines("db", FirstDatabaseAddress).Take(databaseMachines)], nodes = Machines("node", FirstNodeAddress);
            ILabNetwork network = new LoopbackNetwork();
            if (useNamespaces)
            {
                var namespaces = new NamespaceNetwork(name, [.. databases, .. nodes]);
                await namespaces.CreateAsync();
                network = namespaces;
            }

            return new Laboratory(directory, janitor, network, programs, databases, nodes);
        }
        catch
        {
            await janitor.DisposeAsync();
            throw;
        }

        LabMachine[] Machines(string kind, int first) => [.. Zones.Select((zone, index) => new LabMachine(
            string.Create(CultureInfo.InvariantCulture, $"{kind}-{index + 1}"),
            zone,
            new IPAddress([useNamespaces ? (byte)10 : (byte)127, (byte)high, (byte)low, (byte)(first + index)]),
            Directory.CreateDirectory(Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{kind}-{index + 1}"))).FullName))];
    }

    /// <summary>Copies the logs of everything.</summary>
    /// <param name="directory">Where to; made when it is missing.</param>
    public void CopyLogs(string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (string machine in Directory.EnumerateDirectories(Root))
        {
            foreach (string log in Directory.EnumerateFiles(machine, "*.log"))
            {
                File.Copy(log, Path.Combine(directory, $"{Path.GetFileName(machine)}-{Path.GetFileName(log)}"), overwrite: true);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Database.Dispose();
        await _janitor.DisposeAsync();
    }
}
