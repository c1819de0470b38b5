using Holdfast.Broker.Connections;
using Holdfast.Broker.Health;
using Holdfast.Broker.Sessions;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Limits.Overload;

/// <summary>
/// Keeps the node at what it can do. Ten times a second it measures; while commits are slow or memory is short it lets all publishers together publish less and less, divided fairly, and more again while they are not.
/// What is acknowledged stays so: whoever is slowed down is only read more slowly.
/// </summary>
internal sealed class OverloadGuard(SessionServices services)
{
    /// <summary>Publishers together never get less for an interval, or a node that was slow for another reason would stand still.</summary>
    private const long LeastBudget = 64 * 1024;

    /// <summary>A connection that publishes nothing now gets so much for when it begins.</summary>
    private const long LeastShare = 4 * 1024;

    private const double Less = 0.9;
    private const double More = 1.05;

    /// <summary>Memory is looked at once a second.</summary>
    private const int RoundsPerMemory = 10;

    private readonly OverloadJudgement _judgement = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile OverloadLevel _level;
    private double _memory;
    private long _budget;
    private int _round;
    private bool _isDividing;

    /// <summary>How it stands.</summary>
    public OverloadLevel Level => _level;

    /// <summary>How long the oldest append had waited at the last measurement.</summary>
    public TimeSpan CommitAge { get; private set; }

    /// <summary>Completes when shares have been given out anew.</summary>
    public Task NextAsync() => Volatile.Read(ref _next).Task;

    /// <summary>Measures, judges and divides. Called every <see cref="CommitMonitor.Interval"/>.</summary>
    public void Judge()
    {
        if (_round++ % RoundsPerMemory == 0)
        {
            _memory = services.Options.MemoryInUse() / (double)services.Options.MemoryLimit;
        }

        CommitAge = services.Appender.OldestPendingAge;
        if (services.Monitor.State is not CommitState.Committing)
        {
            // Who cannot commit says so by other means, and lets nobody publish.
            _judgement.Forget();
            SetLevel();
        }
        else if (_judgement.Measure(CommitAge, _memory))
        {
            SetLevel();
        }

        if (_level != OverloadLevel.None)
        {
            Divide();
        }
        else if (_isDividing)
        {
            LiftAll();
        }
    }

    private void SetLevel()
    {
        var level = _judgement.Level;
        if (level == _level)
        {
            return;
        }

        _level = level;
        if (level == OverloadLevel.None)
        {
            services.Logger.LogWarning("No longer overloaded");
        }
        else
        {
            services.Logger.LogWarning(
                "Overloaded: commits take {Milliseconds:0} ms and {Memory:P0} of the memory is in use. Publishers are slowed down{More}",
                CommitAge.TotalMilliseconds, _memory, level == OverloadLevel.Shedding ? ", QoS 0 messages are dropped, and nobody new is let in" : "");
        }
    }

    private void Divide()
    {
        long used = 0;
        var idle = new List<ClientConnection>();
        var wanting = new List<(ClientConnection Connection, FairShare.Demand Demand)>();
        foreach (var connection in services.Connections.ToArray())
        {
            var wanted = connection.Allowance.TakeWanted(out var published);
            used += published;
            if (wanted == 0 || connection.Session is not { } session)
            {
                idle.Add(connection);
            }
            else
            {
                wanting.Add((connection, new FairShare.Demand(session.Product, connection.Identity.Owner is { Length: > 0 } owner ? owner : session.ClientId, wanted)));
            }
        }

        if (!_isDividing)
        {
            // The first time nobody was bounded, and what was used is of longer than one interval: it is only learnt from.
            _isDividing = true;
            _budget = long.MaxValue;
        }
        else if (_budget == long.MaxValue)
        {
            _budget = Math.Max(LeastBudget, used);
        }

        if (_budget != long.MaxValue)
        {
            var isSlow = CommitAge > OverloadJudgement.SlowCommit || _memory > OverloadJudgement.SlowMemory;
            _budget = Math.Max(LeastBudget, (long)(_budget * (isSlow ? Less : More)));
            FairShare.Divide(_budget, wanting.ConvertAll(one => one.Demand));
            wanting.ForEach(one => one.Connection.Allowance.Grant(Math.Max(LeastShare / 4, one.Demand.Wanted == FairShare.Unbounded ? one.Demand.Share : Math.Max(one.Demand.Share, LeastShare))));
            idle.ForEach(one => one.Allowance.Grant(LeastShare));
        }

        WakeHeld();
    }

    private void LiftAll()
    {
        _isDividing = false;
        foreach (var connection in services.Connections.ToArray())
        {
            connection.Allowance.Grant(long.MaxValue);
        }

        WakeHeld();
    }

    private void WakeHeld() => Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
