using Holdfast.Server.Demo;
using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Drill.Faults;

/// <summary>SIGKILL of a node.</summary>
/// <param name="node">The node.</param>
internal sealed class NodeKillFault(LabNode node) : IFault
{
    /// <inheritdoc/>
    public string Description => $"SIGKILL of {node.Machine.Name}";

    /// <inheritdoc/>
    public Task InjectAsync(CancellationToken cancellationToken) => node.KillAsync(cancellationToken);

    /// <inheritdoc/>
    public Task UndoAsync(CancellationToken cancellationToken)
    {
        node.Start();
        return Task.CompletedTask;
    }
}

/// <summary>SIGSTOP of a node, then SIGCONT.</summary>
/// <param name="node">The node.</param>
internal sealed class NodeFreezeFault(LabNode node) : IFault
{
    /// <inheritdoc/>
    public string Description => $"SIGSTOP of {node.Machine.Name}";

    /// <inheritdoc/>
    public Task InjectAsync(CancellationToken cancellationToken)
    {
        node.Freeze();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task UndoAsync(CancellationToken cancellationToken)
    {
        node.Thaw();

        // A node that was declared dead ends itself when it finds out; its supervisor, which is this, starts it again.
        return Task.CompletedTask;
    }
}

/// <summary>The clock of a node is wrong.</summary>
/// <param name="node">The node.</param>
/// <param name="step">How far.</param>
internal sealed class ClockStepFault(LabNode node, TimeSpan step) : IFault
{
    /// <inheritdoc/>
    public string Description => $"the clock of {node.Machine.Name} is stepped by {step.TotalSeconds:+0;-0} s";

    /// <inheritdoc/>
    public Task InjectAsync(CancellationToken cancellationToken)
    {
        node.StepClock(step);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task UndoAsync(CancellationToken cancellationToken)
    {
        node.StepClock(TimeSpan.Zero);
        return Task.CompletedTask;
    }
}

/// <summary>Every node is stopped in order and started again, one after another, as an upgrade does it.</summary>
/// <param name="nodes">The nodes.</param>
/// <param name="program">What they run afterwards.</param>
internal sealed class RollingRestartFault(IReadOnlyList<LabNode> nodes, BrokerProgram program) : IFault
{
    /// <inheritdoc/>
    public string Description { get; } = nodes.All(node => node.Program == program) ? "rolling restart of all nodes" : "rolling upgrade of all nodes";

    /// <inheritdoc/>
    public async Task InjectAsync(CancellationToken cancellationToken)
    {
        foreach (LabNode node in nodes)
        {
            await node.StopAsync(cancellationToken);
            node.Program = program;
            node.Start();
            await node.WaitUntilReadyAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task UndoAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
