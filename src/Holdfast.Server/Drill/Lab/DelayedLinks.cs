using System.Buffers.Binary;

namespace Holdfast.Server.Drill.Lab;

/// <summary>
/// The slow network between zones. The packets of each machine to machines of other zones are routed into a TUN device, held here, and handed to
/// the device of the receiver: connections that stand become slow too, and nobody is told. The kernels of many machines have no delaying queue (netem).
/// </summary>
internal sealed class DelayedLinks : IAsyncDisposable
{
    private const int MostPackets = 20_000;
    private const int LargestPacket = 65_536;
    private const int DestinationOffset = 16;
    private const int PollMilliseconds = 100;

    private readonly IReadOnlyList<(LabMachine Machine, string Namespace)> _machines;
    private readonly List<TunDevice> _devices = [];
    private readonly List<Thread> _threads = [];
    private readonly DelayLine<(TunDevice To, byte[] Packet)> _line;
    private volatile bool _isStopping;

    private DelayedLinks(IReadOnlyList<(LabMachine Machine, string Namespace)> machines, TimeSpan oneWay)
    {
        _machines = machines;
        _line = new DelayLine<(TunDevice To, byte[] Packet)>(oneWay, MostPackets, TimeProvider.System);
    }

    /// <summary>Begins to delay.</summary>
    /// <param name="machines">The machines and their namespaces.</param>
    /// <param name="oneWay">How long, in each direction.</param>
    /// <exception cref="LabException">The system refuses.</exception>
    public static async Task<DelayedLinks> StartAsync(IReadOnlyList<(LabMachine Machine, string Namespace)> machines, TimeSpan oneWay)
    {
        var links = new DelayedLinks(machines, oneWay);
        try
        {
            foreach ((_, string networkNamespace) in machines)
            {
                links._devices.Add(TunDevice.Create(networkNamespace));
                await LabCommand.RunAsync("ip", "-n", networkNamespace, "link", "set", TunDevice.Name, "up");
            }

            links.StartThreads();
            foreach ((LabMachine machine, string networkNamespace) in machines)
            {
                foreach ((LabMachine peer, _) in machines.Where(peer => peer.Machine.Zone != machine.Zone))
                {
                    await LabCommand.RunAsync("ip", "-n", networkNamespace, "route", "replace", $"{peer.Address}/32", "dev", TunDevice.Name, "src", machine.Address.ToString());
                }
            }

            return links;
        }
        catch
        {
            await links.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it; the routes go with the devices.</summary>
    public ValueTask DisposeAsync()
    {
        _isStopping = true;
        _threads.ForEach(thread => thread.Join());
        _devices.ForEach(device => device.Dispose());
        return ValueTask.CompletedTask;
    }

    private void StartThreads()
    {
        var byAddress = new Dictionary<uint, TunDevice>();
        for (int index = 0; index < _machines.Count; index++)
        {
            byAddress.Add(BinaryPrimitives.ReadUInt32BigEndian(_machines[index].Machine.Address.GetAddressBytes()), _devices[index]);
        }

        _threads.AddRange(_devices.Select(device => new Thread(() => Receive(device, byAddress)) { IsBackground = true }));
        _threads.Add(new Thread(Deliver) { IsBackground = true });
        _threads.ForEach(thread => thread.Start());
    }

    private void Receive(TunDevice device, Dictionary<uint, TunDevice> byAddress)
    {
        byte[] packet = new byte[LargestPacket];
        while (!_isStopping)
        {
            int length = device.Read(packet, PollMilliseconds);
            if (length > DestinationOffset + sizeof(uint)
                && byAddress.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(DestinationOffset)), out TunDevice? to))
            {
                _line.TryAdd((to, packet[..length]));
            }
        }
    }

    private void Deliver()
    {
        while (!_isStopping)
        {
            if (_line.TryTake(out (TunDevice To, byte[] Packet) due, out TimeSpan wait))
            {
                due.To.Write(due.Packet);
            }
            else
            {
                Thread.Sleep(TimeSpan.FromMilliseconds(Math.Clamp(wait.TotalMilliseconds, 0.2, 5)));
            }
        }
    }
}
