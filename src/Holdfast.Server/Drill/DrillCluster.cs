using Holdfast.Server.Demo;
using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Drill;

/// <summary>What is drilled: the nodes and their database; and the supervisor that starts what has ended by itself, as systemd does.</summary>
internal sealed class DrillCluster : IDisposable
{
    private const int PeerPort = 21111;
    private static readonly TimeSpan SupervisionInterval = TimeSpan.FromMilliseconds(250);

    private readonly Laboratory _laboratory;
    private readonly bool _isOneMachine;

    /// <summary>Describes the cluster; nothing is started.</summary>
    /// <param name="laboratory">Its machines.</param>
    /// <param name="program">What runs the nodes.</param>
    /// <param name="isOneMachine">Whether it is one node with a data directory.</param>
    /// <param name="stepsClocks">Whether the nodes' clocks will be stepped.</param>
    public DrillCluster(Laboratory laboratory, BrokerProgram program, bool isOneMachine, bool stepsClocks)
    {
        (_laboratory, _isOneMachine) = (laboratory, isOneMachine);
        Nodes = [.. laboratory.NodeMachines.Take(isOneMachine ? 1 : laboratory.NodeMachines.Count).Select(machine => new LabNode(
            machine, laboratory.Network, program, isOneMachine ? OneMachine(machine) : OfCluster(machine), stepsClocks ? laboratory.Programs.FakeTime : null))];
    }

    /// <summary>The nodes.</summary>
    public IReadOnlyList<LabNode> Nodes { get; }

    /// <summary>The database; null for one machine.</summary>
    public LabDatabase? Database => _isOneMachine ? null : _laboratory.Database;

    /// <summary>Their network.</summary>
    public ILabNetwork Network => _laboratory.Network;

    /// <summary>Starts the database, then the nodes, and waits until all are ready.</summary>
    /// <param name="progress">Where to tell what happens.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">Something did not become ready.</exception>
    public async Task StartAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        if (Database is { } database)
        {
            await database.StartAsync(cancellationToken);
            progress($"the database is up: {await database.FindRolesAsync(cancellationToken)}");
        }

        foreach (LabNode node in Nodes)
        {
            node.Start();
        }

        await WaitUntilHealthyAsync(cancellationToken);
        progress($"{Nodes.Count} nodes are ready: {string.Join(", ", Nodes.Select(node => $"{node.Machine.Name} in {node.Machine.Zone}"))}");
    }

    /// <summary>Waits until the database is healthy and every node is ready.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">It did not become so in time.</exception>
    public async Task WaitUntilHealthyAsync(CancellationToken cancellationToken)
    {
        if (Database is { } database)
        {
            await database.WaitUntilHealthyAsync(cancellationToken);
        }

        await Task.WhenAll(Nodes.Select(node => node.WaitUntilReadyAsync(cancellationToken)));
    }

    /// <summary>Starts whatever has ended without being told to, until it is cancelled.</summary>
    /// <param name="ended">Called with the name of a node that has.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task SuperviseAsync(Action<string> ended, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SupervisionInterval);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (LabNode node in Nodes.Where(node => node.HasFallen))
            {
                ended(node.Machine.Name);
                node.Start();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LabNode node in Nodes)
        {
            node.Dispose();
        }
    }

    private static string[] OneMachine(LabMachine machine) => ["--data", Path.Combine(machine.Directory, "data")];

    private string[] OfCluster(LabMachine machine)
        =>
        [
            .. OneMachine(machine), "--cluster", _laboratory.Database.ConnectionString, "--node", machine.Name, "--zone", machine.Zone,
            "--cluster-listen", $"{machine.Address}:{PeerPort}",
        ];
}
