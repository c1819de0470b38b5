using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>One life of a node: its logic, and the process around it, which can be frozen or killed at any moment.</summary>
internal sealed class Life
{
    private readonly List<Action> _held = [];

    public Life(SimulatedWorld world, int node, NodeId id, int index)
    {
        (World, Node, Id, Index, Name) = (world, node, id, index, id.ToString());
        Hearing = new NodeHearing(world.Agenda.Clock);
        Reach = new DatabaseReach(world.Agenda.Clock);
        Log = new SimulatedLog(this);
        Delivering = new Delivering(this);
        Committing = new Committing(this);
        Forwarding = new Forwarding(this);
        Sending = new Sending(this);
        Owning = new Owning(this);
        Talking = new Talking(this);
        Checkpointing = new Checkpointing(this);
    }

    public SimulatedWorld World { get; }

    /// <summary>Which node.</summary>
    public int Node { get; }

    public NodeId Id { get; }

    /// <summary>Which life of all.</summary>
    public int Index { get; }

    /// <summary>As the database names it.</summary>
    public string Name { get; }

    public bool IsAlive { get; private set; } = true;

    public bool IsFrozen { get; private set; }

    /// <summary>Whether clients are served.</summary>
    public bool IsReady => Delivering.HasBegun;

    public OwnerTable Owners { get; } = new(SimulatedWorld.PartitionCount);

    public NodeHearing Hearing { get; }

    /// <summary>Noted by each look at the heads, which stands for the mark that a node writes.</summary>
    public DatabaseReach Reach { get; }

    public NodeFences Fences { get; } = new();

    public SimulatedLog Log { get; }

    public Committing Committing { get; }

    public Forwarding Forwarding { get; }

    public Sending Sending { get; }

    public Owning Owning { get; }

    public Talking Talking { get; }

    public Delivering Delivering { get; }

    public Checkpointing Checkpointing { get; }

    public void Begin()
    {
        Sending.Begin();
        Run(Talking.RunAsync);
        Run(Owning.RunAsync);
        Run(Delivering.RunAsync);
        Run(Checkpointing.RunAsync);
    }

    public void End() => IsAlive = false;

    public void Freeze() => IsFrozen = true;

    /// <summary>Goes on. What came meanwhile is handled at once.</summary>
    public void Thaw()
    {
        IsFrozen = false;
        var held = _held.ToArray();
        _held.Clear();
        Array.ForEach(held, Receive);
    }

    /// <summary>Something reaches the process.</summary>
    public void Receive(Action action)
    {
        if (!IsAlive)
        {
            return;
        }

        if (IsFrozen)
        {
            _held.Add(action);
            return;
        }

        action();
    }

    /// <summary>Something happens in the process later, if it is there then.</summary>
    public void After(TimeSpan delay, Action action) => World.Agenda.After(delay, () => Receive(action));

    public Task DelayAsync(TimeSpan delay)
    {
        var elapsed = new TaskCompletionSource();
        After(delay, elapsed.SetResult);
        return elapsed.Task;
    }

    /// <summary>Waits for as long as another thread may need to get its turn.</summary>
    public Task YieldAsync() => DelayAsync(World.Between(0, 0.5));

    /// <summary>Lets work go on beside everything else. It must not fail.</summary>
    public void Run(Func<Task> work) => _ = RunAsync(work);

    private async Task RunAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            World.History.Fail($"{Name} would have ended: {error}");
        }
    }
}
