using System.Net;
using System.Net.Sockets;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Cluster.Tests.Ownership;

public sealed class GoneNodesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly NodeHearing _hearing;
    private readonly GoneNodes _gone;

    public GoneNodesTests()
    {
        _hearing = new NodeHearing(_time);
        _gone = new GoneNodes(new NobodyElse(), _hearing, new ClusterTimes(), _time);
    }

    [Fact]
    public async Task A_process_that_refuses_connections_is_gone_and_its_silence_is_not_waited_for()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var node = new NodeId("b", IPAddress.Loopback, ((IPEndPoint)listener.LocalEndpoint).Port, 1);
        _hearing.Hear(Names.Beat(node));
        await _gone.KnockAsync(node);
        Assert.False(_gone.IsGone(node));
        Assert.NotNull(_hearing.SilenceOf(node));

        listener.Stop();
        await _gone.KnockAsync(node);
        Assert.True(_gone.IsGone(node));
        Assert.Null(_hearing.SilenceOf(node));
    }

    /// <summary>A membership that never speaks of anybody's death.</summary>
    private sealed class NobodyElse : IPeers
    {
        public event Action Changed
        {
            add { }
            remove { }
        }

        public NodeId Self => Names.A;

        public IReadOnlyList<NodeId> Others => [];

        public bool IsDeclaredDead(NodeId node) => false;

        public INodeEndpoint Get(NodeId node) => throw new PeerUnavailableException(node, "nobody is there.");
    }
}
