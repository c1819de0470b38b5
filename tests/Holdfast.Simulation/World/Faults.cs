using Holdfast.Simulation.Nodes;

namespace Holdfast.Simulation.World;

/// <summary>What goes wrong in a schedule: anything, at any moment, until it is healed. Schedules differ in what they have much of.</summary>
internal sealed class Faults
{
    private readonly SimulatedWorld _world;
    private readonly double _pace;
    private readonly Action[] _kinds;
    private bool _isOver;

    public Faults(SimulatedWorld world)
    {
        _world = world;
        _pace = new[] { 150.0, 400, 1000 }[world.Random.Next(3)];
        var all = new[] { Kill, Freeze, CutLink, CutDatabase, FailOver, Stall, Fill, Suspect };
        _kinds = world.Chance(0.5) ? all : [.. all.Where(_ => world.Chance(0.4)), all[world.Random.Next(all.Length)]];
    }

    public void Begin()
    {
        _world.Network.LossRate = new[] { 0, 0.01, 0.1 }[_world.Random.Next(3)];
        _world.Network.SlowestMilliseconds = new[] { 3.0, 3, 80 }[_world.Random.Next(3)];
        _world.Store.FaultRate = new[] { 0, 0.02, 0.2 }[_world.Random.Next(3)];
        _world.History.Note($"faults begin: loss {_world.Network.LossRate}, up to {_world.Network.SlowestMilliseconds} ms, database {_world.Store.FaultRate}");
        Next();
    }

    /// <summary>No fault follows, and those that last end.</summary>
    public void End()
    {
        _isOver = true;
        _world.Network.Heal();
        _world.Store.Heal();
        foreach (var life in _world.Running.Where(life => life.IsFrozen).ToList())
        {
            life.Thaw();
        }

        _world.History.Note("faults end");
    }

    private void Next() => _world.Agenda.After(_world.Between(0, 2 * _pace), () =>
    {
        if (!_isOver)
        {
            _kinds[_world.Random.Next(_kinds.Length)]();
            Next();
        }
    });

    private void For(double fromMilliseconds, double toMilliseconds, Action undo) => _world.Agenda.After(_world.Between(fromMilliseconds, toMilliseconds), () =>
    {
        if (!_isOver)
        {
            undo();
        }
    });

    private Life? AnyLife() => _world.RunningAt(_world.Random.Next(SimulatedWorld.NodeCount));

    private void Kill()
    {
        if (AnyLife() is { } life)
        {
            _world.Kill(life, "killed");
        }
    }

    private void Freeze()
    {
        if (AnyLife() is { IsFrozen: false } life)
        {
            _world.History.Note($"{life.Id} is frozen");
            life.Freeze();
            For(50, 3500, () =>
            {
                _world.History.Note($"{life.Id} goes on");
                life.Thaw();
            });
        }
    }

    private void CutLink()
    {
        var (from, to) = (_world.Random.Next(SimulatedWorld.NodeCount), _world.Random.Next(SimulatedWorld.NodeCount));
        _world.Network.Cut(from, to);
        if (_world.Chance(0.5))
        {
            _world.Network.Cut(to, from);
        }

        _world.History.Note($"n{from} does not reach n{to}");
        For(100, 3000, _world.Network.Mend);
    }

    private void CutDatabase()
    {
        var node = _world.Random.Next(SimulatedWorld.NodeCount);
        _world.Store.Cut(node);
        _world.History.Note($"n{node} does not reach the database");
        For(100, 3000, () => _world.Store.Mend(node));
    }

    private void FailOver() => _world.Store.FailOver(_world.Between(50, 1500));

    private void Stall()
    {
        _world.History.Note("the standby does not follow");
        _world.Store.IsStalled = true;
        For(20, 1000, _world.Store.Follow);
        if (_world.Chance(0.5))
        {
            For(5, 500, FailOver);
        }
    }

    private void Fill()
    {
        _world.History.Note("the database has no room");
        _world.Store.IsFull = true;
        For(20, 500, () => _world.Store.IsFull = false);
    }

    /// <summary>A node takes another for dead: one that is, one that is frozen or cut off, or one that it is wrong about.</summary>
    private void Suspect()
    {
        var others = _world.Lives.Where(life => !_world.History.Fences.Exists(fence => fence.Gone == life)).ToList();
        if (AnyLife() is { } judge && others.Count > 0 && others[_world.Random.Next(others.Count)] is var gone && gone != judge)
        {
            _world.History.Note($"{judge.Id} takes {gone.Id} for dead");
            judge.Receive(() => judge.Run(new Fencing(judge, gone).RunAsync));
        }
    }
}
