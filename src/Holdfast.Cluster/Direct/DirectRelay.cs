using System.Text;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Records;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Cluster.Direct;

/// <summary>QoS 0 between nodes: each tells the others its filters, and gets what they may match, in batches.</summary>
internal sealed class DirectRelay : IDirectRelay, IAsyncDisposable
{
    private readonly IPeers _peers;
    private readonly TimeProvider _time;
    private readonly InterestBook _book = new();
    private readonly PeerMap<DirectFeed> _feeds;
    private readonly SubscriptionIndex<DirectFeed> _remote = new();

    public DirectRelay(IPeers peers, Action<Exception> onFatal, TimeProvider time)
    {
        _peers = peers;
        _time = time;
        _feeds = new PeerMap<DirectFeed>(other => new DirectFeed(peers.Self, peers.Get(other), _book, onFatal, time));
    }

    /// <summary>Messages that were dropped because a node did not keep up, towards the nodes that there are now.</summary>
    public long Dropped => _feeds.All.Sum(feed => feed.Dropped);

    /// <summary>The other nodes have changed.</summary>
    public void FollowPeers() => _feeds.Follow(_peers.Others, Forget);

    /// <inheritdoc/>
    public void OnAdded(ReadOnlySpan<byte> product, TopicFilter filter) => _book.OnAdded(product, filter);

    /// <inheritdoc/>
    public void OnRemoved(ReadOnlySpan<byte> product, TopicFilter filter) => _book.OnRemoved(product, filter);

    /// <inheritdoc/>
    public void Relay(ReadOnlySpan<byte> product, ReadOnlySpan<byte> publisher, in PublishPacket packet)
    {
        if (_remote.Count == 0)
        {
            return;
        }

        foreach (ref readonly var match in _remote.Match(product, packet.Topic).Subscribers)
        {
            match.Subscriber.Offer(ToRecord(product, publisher, packet));
        }
    }

    /// <inheritdoc/>
    public bool HasSubscriber(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic) => _remote.Count > 0 && !_remote.Match(product, topic).IsEmpty;

    /// <summary>Another node says which filters it has.</summary>
    public void Hear(Interest interest)
    {
        // It may see us before we see it.
        var feed = _feeds.Of(interest.From);
        lock (feed)
        {
            if (interest.IsWhole)
            {
                Forget(feed);
            }

            foreach (var (product, filter, isAdded) in interest.Changes)
            {
                var bytes = Encoding.UTF8.GetBytes(product);
                if (!TopicFilter.TryParse(filter, out var parsed, out _))
                {
                    continue;
                }

                if (isAdded)
                {
                    feed.Products.Add(product);
                    _remote.AddOrReplace(bytes, new Subscription<DirectFeed>(parsed, default, 0, null, feed));
                }
                else
                {
                    _remote.Remove(bytes, parsed, feed);
                }
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _feeds.DisposeAsync();

    private PublishRecord ToRecord(ReadOnlySpan<byte> product, ReadOnlySpan<byte> publisher, in PublishPacket packet)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return new PublishRecord
        {
            Product = product,
            Publisher = publisher,
            Topic = packet.Topic,
            Payload = packet.Payload,
            Properties = packet.Properties,
            ReceivedAtMilliseconds = now,
            ExpiresAtMilliseconds = packet.MessageExpirySeconds is { } seconds ? now + (seconds * 1000L) : 0,
        };
    }

    private void Forget(DirectFeed feed)
    {
        foreach (var product in feed.Products)
        {
            _remote.RemoveAll(Encoding.UTF8.GetBytes(product), feed);
        }

        feed.Products.Clear();
    }
}
