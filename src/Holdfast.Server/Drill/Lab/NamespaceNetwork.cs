using System.Net;

namespace Holdfast.Server.Drill.Lab;

/// <summary>Each machine is a network namespace, joined to the others, and to this process, by a bridge. The janitor deletes it.</summary>
/// <param name="name">The bridge's name, with which the namespaces' names begin.</param>
/// <param name="machines">The machines.</param>
internal sealed class NamespaceNetwork(string name, IReadOnlyList<LabMachine> machines) : ILabNetwork
{
    private const byte OwnAddress = 254;

    private DelayedLinks? _delay;

    /// <inheritdoc/>
    public IPAddress HostAddress { get; } = new([.. machines[0].Address.GetAddressBytes()[..^1], OwnAddress]);

    /// <inheritdoc/>
    public bool CanCut => true;

    /// <inheritdoc/>
    public bool CanDelay => File.Exists("/dev/net/tun");

    /// <summary>Makes the bridge and the namespaces.</summary>
    /// <exception cref="LabException">The system refuses.</exception>
    public async Task CreateAsync()
    {
        await LabCommand.RunAsync("ip", "link", "add", name, "type", "bridge");
        await LabCommand.RunAsync("ip", "address", "add", $"{HostAddress}/24", "dev", name);
        await LabCommand.RunAsync("ip", "link", "set", name, "up");
        for (int index = 0; index < machines.Count; index++)
        {
            await AddAsync(machines[index], $"{name}v{index}");
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Enter(LabMachine machine) => ["ip", "netns", "exec", NamespaceOf(machine)];

    /// <inheritdoc/>
    public async Task CutAsync(LabMachine one, LabMachine other)
    {
        await DropAsync(one, other);
        await DropAsync(other, one);
    }

    /// <inheritdoc/>
    public async Task DelayAsync(TimeSpan oneWay)
    {
        _delay = await DelayedLinks.StartAsync([.. machines.Select(machine => (machine, NamespaceOf(machine)))], oneWay);
    }

    /// <inheritdoc/>
    public async Task HealAsync()
    {
        if (_delay is { } delay)
        {
            _delay = null;
            await delay.DisposeAsync();
        }

        foreach (LabMachine machine in machines)
        {
            await LabCommand.RunAsync([.. Enter(machine), "iptables", "-w", "-F", "INPUT"]);
        }
    }

    private string NamespaceOf(LabMachine machine) => $"{name}-{machine.Name}";

    private async Task AddAsync(LabMachine machine, string link)
    {
        string space = NamespaceOf(machine);
        await LabCommand.RunAsync("ip", "netns", "add", space);
        await LabCommand.RunAsync("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space);
        await LabCommand.RunAsync("ip", "link", "set", link, "master", name, "up");
        await LabCommand.RunAsync("ip", "-n", space, "address", "add", $"{machine.Address}/24", "dev", "eth0");
        await LabCommand.RunAsync("ip", "-n", space, "link", "set", "eth0", "up");
        await LabCommand.RunAsync("ip", "-n", space, "link", "set", "lo", "up");
    }

    private Task<string> DropAsync(LabMachine at, LabMachine from)
        => LabCommand.RunAsync([.. Enter(at), "iptables", "-w", "-A", "INPUT", "-s", from.Address.ToString(), "-j", "DROP"]);
}
