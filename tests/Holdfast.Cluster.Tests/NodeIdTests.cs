using System.Net;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Tests;

public sealed class NodeIdTests
{
    [Theory]
    [InlineData("fra-1@10.0.0.7:7000@154391167")]
    [InlineData("A@127.0.0.1:1@1")]
    [InlineData("node-9@[::1]:65535@2147483647")]
    public void Its_text_is_read_back(string text)
    {
        var id = NodeId.Parse(text);
        Assert.Equal(text, id.ToString());
        Assert.Equal(id, NodeId.From(id.Name, id.ToSiloAddress()));
        Assert.Equal(id.ToSiloAddress(), SiloAddress.New(id.Address, id.Port, id.Generation));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a@127.0.0.1:1")]
    [InlineData("@127.0.0.1:1@1")]
    [InlineData("a b@127.0.0.1:1@1")]
    [InlineData("ä@127.0.0.1:1@1")]
    [InlineData("a@localhost:1@1")]
    [InlineData("a@127.0.0.1@1")]
    [InlineData("a@127.0.0.1:0@1")]
    [InlineData("a@127.0.0.1:65536@1")]
    [InlineData("a@127.0.0.1:1@0")]
    [InlineData("a@127.0.0.1:1@-1")]
    [InlineData("a@127.0.0.1:1@2147483648")]
    [InlineData("a@127.0.0.1:1@1@1")]
    public void Anything_else_is_refused(string text)
    {
        Assert.False(NodeId.TryParse(text, out _));
        Assert.Contains(text, Assert.Throws<FormatException>(() => NodeId.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_has_at_most_64_characters()
    {
        Assert.True(NodeId.IsName(new string('x', 64)));
        Assert.False(NodeId.IsName(new string('x', 65)));
        Assert.Throws<FormatException>(() => new NodeId(new string('x', 65), IPAddress.Loopback, 1, 1));
    }
}
