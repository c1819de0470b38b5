using Holdfast.Broker.Integrations;

namespace Holdfast.Api.Tests.Support;

/// <summary>The other of two nodes, <c>b</c>; it runs what is not here.</summary>
internal sealed class OtherNode(IntegrationScene? there) : IIntegrationNodes
{
    public bool IsHere { get; set; }

    public bool IsSilent { get; set; }

    public bool Moves { get; set; }

    public IEnumerable<string> Names(string product) => ["there"];

    public bool IsMoving(string product, string name) => Moves;

    public bool RunsElsewhere(string product, string name) => !IsHere;

    public ValueTask<byte[]> AskRunnerAsync(string product, string name, byte[] request)
        => IsSilent ? throw new NodeSilentException("b is silent.") : there!.Host.Relay.AnswerAsync(request);

    public async ValueTask<IReadOnlyList<(string Node, byte[]? Answer)>> AskOthersAsync(byte[] request)
        => [("b", IsSilent ? null : await there!.Host.Relay.AnswerAsync(request))];
}
