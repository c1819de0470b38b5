using System.Net;

namespace Holdfast.Server.Drill.Lab;

/// <summary>All machines are addresses of the loopback network: for users who may not make network namespaces. Nothing can be cut or delayed.</summary>
internal sealed class LoopbackNetwork : ILabNetwork
{
    /// <inheritdoc/>
    public IPAddress HostAddress => IPAddress.Loopback;

    /// <inheritdoc/>
    public bool CanCut => false;

    /// <inheritdoc/>
    public bool CanDelay => false;

    /// <inheritdoc/>
    public IReadOnlyList<string> Enter(LabMachine machine) => [];

    /// <inheritdoc/>
    public Task CutAsync(LabMachine one, LabMachine other) => throw new LabException("the loopback network cannot be cut; run the drill as root");

    /// <inheritdoc/>
    public Task DelayAsync(TimeSpan oneWay) => throw new LabException("the loopback network cannot be delayed; run the drill as root");

    /// <inheritdoc/>
    public Task HealAsync() => Task.CompletedTask;
}
