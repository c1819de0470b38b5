using System.Text;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Batches;
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
        _feeds = new PeerMap<DirectFeed>(other => new DirectFeed(peers.Self, peers.Get(other), _book, onFatal, time) { Node = other });
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

    /// <inheritdoc/>
    public long NeededVersion => _book.NeededVersion;

    /// <summary>Whom a committed batch does not concern: it has no retained message, and none that a filter of theirs matches.</summary>
    /// <param name="batch">The batch.</param>
    /// <returns>Nodes whose filters are known, with the version up to which they are.</returns>
    public List<(NodeId Node, long Version)> NotConcernedBy(RecordBatch batch)
    {
        // The version first: what is matched afterwards is at least as new.
        var left = new List<(NodeId Node, long Version)>(_feeds.All.Where(feed => feed.KnownVersion > 0).Select(feed => (feed.Node, feed.KnownVersion)));
        foreach (var view in batch)
        {
            if (left.Count == 0)
            {
                break;
            }

            if (view.Kind != RecordKind.Publish)
            {
                continue;
            }

            var record = PublishRecord.Read(view);
            if (record.Retain)
            {
                // Every node has all retained messages.
                left.Clear();
                break;
            }

            foreach (ref readonly var match in _remote.Match(record.Product, record.Topic).Subscribers)
            {
                var node = match.Subscriber.Node;
                left.RemoveAll(one => one.Node == node);
            }
        }

        return left;
    }

    /// <summary>Another node says which filters it has.</summary>
    /// <returns>False when what it said follows something that is not known here: it must say everything.</returns>
    public bool Hear(Interest interest)
    {
        // It may see us before we see it.
        var feed = _feeds.Of(interest.From);
        lock (feed)
        {
            var known = feed.KnownVersion;
            if (interest.Version > 0 && interest.Version <= known && !(interest.IsWhole && interest.Version == known))
            {
                // It was late, and something newer has come.
                return true;
            }

            if (!interest.IsWhole && interest.Version > 0 && known == 0)
            {
                return false;
            }

            if (interest.IsWhole)
            {
                // Between the two nothing is known.
                feed.KnownVersion = 0;
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

            feed.KnownVersion = interest.Version;
            return true;
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
