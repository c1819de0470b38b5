using System.Text;
using Holdfast.Broker.Topics;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Tests.Appending;
using Holdfast.Log.Records;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Cluster.Tests.Direct;

public sealed class DirectRelayTests : IAsyncDisposable
{
    private readonly OnePeer _peers = new();
    private readonly DirectRelay _relay;

    public DirectRelayTests() => _relay = new DirectRelay(_peers, static exception => Assert.Fail(exception.ToString()), TimeProvider.System);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task A_node_gets_what_its_filters_match_and_nothing_else()
    {
        _relay.Hear(new Interest(Names.B, IsWhole: true, [new InterestChange("p", "a/+", IsAdded: true)]));
        Relay("p", "b", "not");
        Relay("other", "a/1", "not");
        Relay("p", "a/1", "wanted");
        Assert.Equal(["wanted"], Payloads(await NextAsync(_peers.B.Relayed)));
        Assert.Equal((true, false, false), (_relay.HasSubscriber("p"u8, "a/1"u8), _relay.HasSubscriber("p"u8, "b"u8), _relay.HasSubscriber("other"u8, "a/1"u8)));

        _relay.Hear(new Interest(Names.B, IsWhole: false, [new InterestChange("p", "a/+", IsAdded: false), new InterestChange("p", "b", IsAdded: true)]));
        Relay("p", "a/1", "not");
        Relay("p", "b", "wanted too");
        Assert.Equal(["wanted too"], Payloads(await NextAsync(_peers.B.Relayed)));
    }

    [Fact]
    public async Task Whole_interest_replaces_what_was_known()
    {
        _relay.Hear(new Interest(Names.B, IsWhole: true, [new InterestChange("p", "a", IsAdded: true)]));
        _relay.Hear(new Interest(Names.B, IsWhole: true, [new InterestChange("p", "b", IsAdded: true)]));
        Relay("p", "a", "not");
        Relay("p", "b", "wanted");
        Assert.Equal(["wanted"], Payloads(await NextAsync(_peers.B.Relayed)));
    }

    [Fact]
    public async Task Filters_of_this_node_are_told_to_the_others()
    {
        _relay.FollowPeers();
        Assert.True((await NextAsync(_peers.B.Interests)).IsWhole);
        Assert.True(TopicFilter.TryParse("a/#", out var filter, out _));
        _relay.OnAdded("p"u8, filter);
        var told = await NextAsync(_peers.B.Interests);
        Assert.Equal((Names.A, false, new InterestChange("p", "a/#", IsAdded: true)), (told.From, told.IsWhole, Assert.Single(told.Changes)));
    }

    private static async Task<T> NextAsync<T>(System.Threading.Channels.Channel<T> channel)
        => await channel.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    private static List<string> Payloads(DirectMessages messages)
    {
        var result = new List<string>();
        for (ReadOnlySpan<byte> rest = messages.Records; !rest.IsEmpty;)
        {
            var view = RecordView.ReadFirst(0, 0, rest);
            result.Add(Encoding.UTF8.GetString(PublishRecord.Read(view).Payload));
            rest = rest[view.Bytes.Length..];
        }

        return result;
    }

    private void Relay(string product, string topic, string payload)
        => _relay.Relay(Encoding.UTF8.GetBytes(product), "c"u8, new PublishPacket { Topic = Encoding.UTF8.GetBytes(topic), Payload = Encoding.UTF8.GetBytes(payload) });

    private sealed class OnePeer : IPeers
    {
        public event Action Changed
        {
            add { }
            remove { }
        }

        public ScriptedOwner B { get; } = new();

        public NodeId Self => Names.A;

        public IReadOnlyList<NodeId> Others => [Names.B];

        public bool IsDeclaredDead(NodeId node) => false;

        public INodeEndpoint Get(NodeId node) => B;
    }
}
