using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Holdfast.Broker.Topics;
using Holdfast.Log.State;

namespace Holdfast.Broker.Retained;

/// <summary>The retained topics that changed since the last checkpoint: the last change of each.</summary>
internal sealed class RetainedChanges
{
    private const int LargestOnStack = 512;

    private readonly Dictionary<byte[], Change> _changes = new(ByteStringComparer.Instance);

    public void Set(ReadOnlySpan<byte> product, RetainedMessage message)
        => Add(product, message.Topic, new Change(message.Partition, message.Offset, message.Record), replace: true);

    public void Remove(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic, int partition, long offset)
        => Add(product, topic, new Change(partition, offset, default), replace: true);

    public void PutBack(StoredRetained stored)
        => Add(
            Encoding.UTF8.GetBytes(stored.Product),
            Encoding.UTF8.GetBytes(stored.Topic),
            new Change(stored.Partition, stored.Offset, stored.Record),
            replace: false);

    public IReadOnlyList<StoredRetained> ToStored()
    {
        var stored = new List<StoredRetained>(_changes.Count);
        foreach (var (key, change) in _changes)
        {
            var product = key.AsSpan(1, key[0]);
            var topic = key.AsSpan(1 + product.Length);
            stored.Add(new StoredRetained(
                Encoding.UTF8.GetString(product), Encoding.UTF8.GetString(topic), change.Partition, change.Offset, change.Record));
        }

        return stored;
    }

    /// <summary>Keys are the length of the product, at most 255, the product and the topic.</summary>
    private void Add(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic, Change change, bool replace)
    {
        var length = 1 + product.Length + topic.Length;
        var rented = length > LargestOnStack ? ArrayPool<byte>.Shared.Rent(length) : null;
        var key = (rented ?? stackalloc byte[LargestOnStack])[..length];
        key[0] = checked((byte)product.Length);
        product.CopyTo(key[1..]);
        topic.CopyTo(key[(1 + product.Length)..]);

        var lookup = _changes.GetAlternateLookup<ReadOnlySpan<byte>>();
        ref var existing = ref CollectionsMarshal.GetValueRefOrAddDefault(lookup, key, out var exists);
        if (replace || !exists)
        {
            existing = change;
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private readonly record struct Change(int Partition, long Offset, ReadOnlyMemory<byte> Record);
}
