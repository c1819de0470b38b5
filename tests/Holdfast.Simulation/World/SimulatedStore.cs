using Holdfast.Log.Postgres.Connections;
using Holdfast.Simulation.Nodes;

namespace Holdfast.Simulation.World;

/// <summary>
/// The database: a primary that carries out statements in some order, and a standby that follows. The commit of a write is confirmed when the standby has it; what it does not have is lost in a
/// fail-over, though everybody could read it. A statement whose connection breaks may have been carried out, may be carried out later, or never.
/// </summary>
internal sealed class SimulatedStore
{
    private readonly SimulatedWorld _world;
    private readonly List<Action> _undo = [];
    private readonly List<(long Position, Action<bool> Tell)> _waiting = [];
    private readonly HashSet<int> _cut = [];
    private int _primary;
    private bool _isUp = true;

    public SimulatedStore(SimulatedWorld world)
    {
        _world = world;
        Tables = new StoreTables(_undo) { IgnoresEpochs = world.Breakage == Breakage.EpochNotCompared };
    }

    /// <summary>What is stored, as the primary sees it.</summary>
    public StoreTables Tables { get; }

    /// <summary>Up to which write the standby has everything.</summary>
    public long Replicated { get; private set; }

    /// <summary>How likely a statement goes wrong.</summary>
    public double FaultRate { get; set; }

    /// <summary>The standby does not follow.</summary>
    public bool IsStalled { get; set; }

    /// <summary>There is no room for batches.</summary>
    public bool IsFull { get; set; }

    /// <summary>A node does not reach the database.</summary>
    public void Cut(int node) => _cut.Add(node);

    /// <summary>A node reaches the database again.</summary>
    public void Mend(int node) => _cut.Remove(node);

    /// <summary>The standby follows again.</summary>
    public void Follow()
    {
        IsStalled = false;
        Replicate();
    }

    /// <summary>Nothing goes wrong any more.</summary>
    public void Heal()
    {
        _cut.Clear();
        FaultRate = 0;
        IsFull = false;
        Follow();
    }

    /// <summary>The primary dies, and the standby becomes the primary: what it does not have never happened.</summary>
    public void FailOver(TimeSpan duration)
    {
        _world.History.Note($"fail-over; {_undo.Count - Replicated} writes are lost");
        while (_undo.Count > Replicated)
        {
            _undo[^1]();
            _undo.RemoveAt(_undo.Count - 1);
        }

        _primary++;
        _isUp = false;
        var waiting = _waiting.ToArray();
        _waiting.Clear();
        Array.ForEach(waiting, one => one.Tell(false));
        _world.Agenda.After(duration, () => _isUp = true);
    }

    /// <summary>Sends a statement. What writes, says so to <see cref="Tables"/>; then the answer waits for the standby.</summary>
    public Task<Outcome<T>> RunAsync<T>(Life client, Func<T> statement)
    {
        var answer = new TaskCompletionSource<Outcome<T>>();
        void Answer(Outcome<T> outcome) => client.After(_world.Between(0.1, 1), () => answer.TrySetResult(outcome));
        void Unknown() => Answer(new Outcome<T>(OutcomeKind.Unknown));

        if (!_isUp || _cut.Contains(client.Node))
        {
            client.After(_world.Between(5, 50), () => answer.TrySetResult(new Outcome<T>(OutcomeKind.NotSent)));
            return answer.Task;
        }

        if (!_world.Chance(FaultRate))
        {
            _world.Agenda.After(_world.Between(0.1, 2), () => Execute(statement, _primary, Answer, Unknown));
            return answer.Task;
        }

        var primary = _primary;
        switch (_world.Random.Next(4))
        {
            case 0:
                client.After(_world.Between(1, 20), () => answer.TrySetResult(new Outcome<T>(OutcomeKind.Retry)));
                break;
            case 1:
                client.After(_world.Between(1, 300), Unknown);
                break;
            case 2:
                // Its connection is gone, and the statement lies in front of the server for a while.
                client.After(_world.Between(1, 100), Unknown);
                _world.Agenda.After(_world.Between(1, 3000), () => Execute(statement, primary, _ => { }, () => { }));
                break;
            default:
                _world.Agenda.After(_world.Between(0.1, 5), () => Execute(statement, primary, _ => Unknown(), Unknown));
                break;
        }

        return answer.Task;
    }

    private void Execute<T>(Func<T> statement, int primary, Action<Outcome<T>> answer, Action unknown)
    {
        if (primary != _primary || !_isUp)
        {
            unknown();
            return;
        }

        var before = _undo.Count;
        var value = statement();
        var outcome = new Outcome<T>(OutcomeKind.Done, value);
        if (_undo.Count == before)
        {
            answer(outcome);
            return;
        }

        _waiting.Add((_undo.Count, isSafe =>
        {
            if (isSafe)
            {
                answer(outcome);
            }
            else
            {
                unknown();
            }
        }));
        _world.Agenda.After(_world.Between(0.2, 2), Replicate);
    }

    private void Replicate()
    {
        if (IsStalled || !_isUp)
        {
            return;
        }

        Replicated = _undo.Count;
        var waiting = _waiting.ToArray();
        _waiting.Clear();
        Array.ForEach(waiting, one => one.Tell(true));
    }
}
