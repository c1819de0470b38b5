using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Tests;

public sealed class PeerProtocolTests
{
    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(-2, false)]
    public void Only_adjacent_versions_work_together(int difference, bool works)
        => Assert.Equal(works, PeerProtocol.Refusal(Names.B, PeerProtocol.Version + difference) is null);

    [Fact]
    public void A_refusal_names_the_node_and_both_versions()
        => Assert.Contains("b speaks version 9", PeerProtocol.Refusal(Names.B, 9), StringComparison.Ordinal);
}
