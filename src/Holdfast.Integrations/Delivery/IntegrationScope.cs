using System.Text;
using Holdfast.Broker.Topics;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Delivery;

/// <summary>Which records an integration carries: the messages of its product that match its filter.</summary>
internal sealed class IntegrationScope
{
    private readonly byte[] _product;
    private readonly TopicFilter _filter;
    private readonly bool[]? _partitions;

    public IntegrationScope(string product, TopicFilter filter, int partitionCount)
    {
        _product = Encoding.UTF8.GetBytes(product);
        _filter = filter;
        var keys = filter.LiteralKeys();
        if (keys.Count == 0)
        {
            return;
        }

        Keys = keys.Select(key => Partitioning.KeyHash(_product, key)).ToHashSet();
        _partitions = new bool[partitionCount];
        foreach (var key in Keys)
        {
            _partitions[Partitioning.PartitionOf(key, partitionCount)] = true;
        }
    }

    /// <summary>The key hashes of everything that can match, when the filter tells; else null.</summary>
    public IReadOnlySet<ulong>? Keys { get; }

    /// <summary>Whether anything in a partition can match.</summary>
    public bool Includes(int partition) => _partitions is null || _partitions[partition];

    /// <summary>Whether a record matches.</summary>
    public bool Includes(in PublishRecord record)
        => (Keys is null || Keys.Contains(record.KeyHash)) && record.Product.SequenceEqual(_product) && _filter.Matches(record.Topic);
}
