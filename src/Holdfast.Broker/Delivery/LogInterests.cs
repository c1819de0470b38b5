using System.Text;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Delivery;

/// <summary>Topics whose QoS 0 messages are logged, because an integration wants them.</summary>
internal sealed class LogInterests : ILogInterest
{
    private readonly SubscriptionIndex<Interest> _index = new();

    public IDisposable Add(string product, string filter)
    {
        if (!TopicFilter.TryParse(filter, out var parsed, out var problem))
        {
            throw new ArgumentException(problem, nameof(filter));
        }

        var interest = new Interest(this, Encoding.UTF8.GetBytes(product), parsed);
        _index.AddOrReplace(interest.Product, new Subscription<Interest>(parsed, default, 0, null, interest));
        return interest;
    }

    public bool IsInterested(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic) => _index.Count > 0 && !_index.Match(product, topic).IsEmpty;

    private sealed class Interest(LogInterests owner, byte[] product, TopicFilter filter) : IDisposable
    {
        public byte[] Product { get; } = product;

        public void Dispose() => owner._index.Remove(Product, filter, this);
    }
}
