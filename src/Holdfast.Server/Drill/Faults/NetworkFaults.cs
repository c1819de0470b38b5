using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Drill.Faults;

/// <summary>Machines that do not reach each other.</summary>
/// <param name="network">Their network.</param>
/// <param name="one">Machines.</param>
/// <param name="others">Those that they do not reach.</param>
/// <param name="description">In words.</param>
internal sealed class CutFault(ILabNetwork network, IReadOnlyList<LabMachine> one, IReadOnlyList<LabMachine> others, string description) : IFault
{
    /// <inheritdoc/>
    public string Description => description;

    /// <inheritdoc/>
    public async Task InjectAsync(CancellationToken cancellationToken)
    {
        foreach (LabMachine machine in one)
        {
            foreach (LabMachine other in others)
            {
                await network.CutAsync(machine, other);
            }
        }
    }

    /// <inheritdoc/>
    public Task UndoAsync(CancellationToken cancellationToken) => network.HealAsync();
}

/// <summary>A slow network between zones.</summary>
/// <param name="network">The network.</param>
internal sealed class SlowNetworkFault(ILabNetwork network) : IFault
{
    /// <summary>There and back.</summary>
    public static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(80);

    /// <inheritdoc/>
    public string Description => $"{RoundTrip.TotalMilliseconds:0} ms between zones";

    /// <inheritdoc/>
    public Task InjectAsync(CancellationToken cancellationToken) => network.DelayAsync(RoundTrip / 2);

    /// <inheritdoc/>
    public Task UndoAsync(CancellationToken cancellationToken) => network.HealAsync();
}

/// <summary>Several faults at once.</summary>
/// <param name="parts">The faults.</param>
internal sealed class SeveralFaults(IReadOnlyList<IFault> parts) : IFault
{
    /// <inheritdoc/>
    public string Description => string.Join(" and ", parts.Select(part => part.Description));

    /// <inheritdoc/>
    public async Task InjectAsync(CancellationToken cancellationToken)
    {
        foreach (IFault part in parts)
        {
            await part.InjectAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task UndoAsync(CancellationToken cancellationToken)
    {
        foreach (IFault part in parts)
        {
            await part.UndoAsync(cancellationToken);
        }
    }
}
