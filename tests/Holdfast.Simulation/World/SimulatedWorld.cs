using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Simulation.Judging;
using Holdfast.Simulation.Nodes;

namespace Holdfast.Simulation.World;

/// <summary>Everything of one schedule. All randomness comes from the seed; one thread runs it.</summary>
internal sealed class SimulatedWorld
{
    /// <summary>Nodes.</summary>
    public const int NodeCount = 3;

    /// <summary>Partitions of the log.</summary>
    public const int PartitionCount = 4;

    private const int DeviceCount = 6;

    private readonly Dictionary<NodeId, Life> _lives = [];
    private readonly Life?[] _running = new Life?[NodeCount];
    private readonly NodeId?[] _known = new NodeId?[NodeCount];
    private int _generation;

    public SimulatedWorld(int seed, Breakage breakage)
    {
        Seed = seed;
        Breakage = breakage;
        Random = new Random(seed);
        History = new History(this);
        Store = new SimulatedStore(this);
        Network = new SimulatedNetwork(this);
        Devices = [.. Enumerable.Range(0, DeviceCount).Select(index => new Device(this, index))];
    }

    public int Seed { get; }

    /// <summary>What is broken on purpose.</summary>
    public Breakage Breakage { get; }

    public Random Random { get; }

    public Agenda Agenda { get; } = new();

    public SimulatedStore Store { get; }

    public SimulatedNetwork Network { get; }

    public History History { get; }

    public Device[] Devices { get; }

    public ClusterTimes Times { get; } = new() { Tenure = TimeSpan.FromSeconds(2) };

    /// <summary>Every life that was ever begun, in its order.</summary>
    public List<Life> Lives { get; } = [];

    /// <summary>Lives that take part, frozen ones included.</summary>
    public IEnumerable<Life> Running => _running.OfType<Life>();

    /// <summary>The last life of each node, dead or alive: as a membership shows them.</summary>
    public IEnumerable<NodeId> Known => _known.OfType<NodeId>();

    /// <summary>The life of a node; null while it is down.</summary>
    public Life? RunningAt(int node) => _running[node];

    public Life? Find(NodeId id) => _lives.TryGetValue(id, out var life) && life.IsAlive ? life : null;

    /// <summary>Whether something happens, as likely as said.</summary>
    public bool Chance(double probability) => Random.NextDouble() < probability;

    /// <summary>A time between two numbers of milliseconds.</summary>
    public TimeSpan Between(double fromMilliseconds, double toMilliseconds)
        => TimeSpan.FromTicks((long)((fromMilliseconds + (Random.NextDouble() * (toMilliseconds - fromMilliseconds))) * TimeSpan.TicksPerMillisecond));

    public void Start(int node)
    {
        if (_running[node] is not null)
        {
            return;
        }

        var id = new NodeId($"n{node}", System.Net.IPAddress.Loopback, 1000 + node, ++_generation);
        var life = new Life(this, node, id, Lives.Count);
        History.Note($"{id} starts");
        _running[node] = life;
        _known[node] = id;
        _lives.Add(id, life);
        Lives.Add(life);
        life.Begin();
    }

    /// <summary>The process of a node ends at once; the supervisor starts another.</summary>
    public void Kill(Life life, string reason)
    {
        if (!life.IsAlive)
        {
            return;
        }

        History.Note($"{life.Id} ends: {reason}");
        life.End();
        _running[life.Node] = null;
        Agenda.After(Between(50, 1500), () => Start(life.Node));
    }
}
