namespace Holdfast.Broker.Integrations;

/// <summary>A single machine: all integrations run here.</summary>
public sealed class OneNode : IIntegrationNodes
{
    /// <inheritdoc/>
    public IEnumerable<string> Names(string product) => [];

    /// <inheritdoc/>
    public bool IsMoving(string product, string name) => false;

    /// <inheritdoc/>
    public bool RunsElsewhere(string product, string name) => false;

    /// <inheritdoc/>
    public ValueTask<byte[]> AskRunnerAsync(string product, string name, byte[] request) => throw new NodeSilentException("There is no other node.");

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(string Node, byte[]? Answer)>> AskOthersAsync(byte[] request)
        => ValueTask.FromResult<IReadOnlyList<(string Node, byte[]? Answer)>>([]);
}
