using System.Text;
using Holdfast.Broker.Topics;
using Holdfast.Log.Records;
using Holdfast.Log.State;

namespace Holdfast.Broker.Retained;

/// <summary>
/// The retained messages of all products: a fold over the log's records, with the changes since the last checkpoint. Not thread-safe: the
/// caller sees to it that one call is made at a time.
/// </summary>
public sealed class RetainedMessages
{
    private const int MostRemembered = 1024;

    private readonly Dictionary<byte[], ProductRetained> _products = new(ByteStringComparer.Instance);
    private readonly Dictionary<byte[], ProductRetained>.AlternateLookup<ReadOnlySpan<byte>> _productsBySpan;
    private readonly int _mostRemembered;
    private RetainedChanges _changes = new();

    /// <summary>Makes an empty set.</summary>
    public RetainedMessages()
        : this(MostRemembered)
    {
    }

    /// <param name="mostRemembered">A walk with more matches than this goes through all messages.</param>
    internal RetainedMessages(int mostRemembered)
    {
        _mostRemembered = mostRemembered;
        _productsBySpan = _products.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>The number of retained messages, expired ones that nobody has asked for included.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Folds a record in: a retained publish sets its topic, one with an empty payload clears it [MQTT-3.3.1-5], [MQTT-3.3.1-6]. Other records
    /// change nothing. Folding a record again, or one that is older than what is there, changes nothing either.
    /// </summary>
    /// <param name="record">The record; it is copied.</param>
    public void Apply(in RecordView record)
    {
        if (record.Kind != RecordKind.Publish || ((PublishFlags)record.Flags & PublishFlags.Retain) == 0)
        {
            return;
        }

        var publish = PublishRecord.Read(record);
        if (publish.Payload.IsEmpty)
        {
            Remove(publish.Product, publish.Topic, record.Partition, record.Offset);
        }
        else
        {
            Set(record.Partition, record.Offset, record.Bytes);
        }
    }

    /// <summary>Sets the retained message of the record's topic, unless what is there is as new.</summary>
    /// <param name="partition">Where the record lies.</param>
    /// <param name="offset">Where the record lies.</param>
    /// <param name="record">A publish record as in the log; it is copied.</param>
    /// <returns>Whether it was set.</returns>
    public bool Set(int partition, long offset, ReadOnlySpan<byte> record)
    {
        var publish = PublishRecord.Read(RecordView.ReadFirst(partition, offset, record));
        if (!TrySet(publish.Product, publish.Topic, partition, offset, record, out var message))
        {
            return false;
        }

        _changes.Set(publish.Product, message);
        return true;
    }

    /// <summary>Clears a topic, unless what is there is newer than the record that clears it.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="topic">The topic name in UTF-8.</param>
    /// <param name="partition">Where the record that clears it lies.</param>
    /// <param name="offset">Where the record that clears it lies.</param>
    /// <returns>Whether there was something to clear.</returns>
    public bool Remove(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic, int partition, long offset)
    {
        if (!_productsBySpan.TryGetValue(product, out var retained) || retained.Find(topic) is not { } message || message.Offset > offset)
        {
            return false;
        }

        retained.Remove(message);
        Count--;
        if (retained.IsEmpty)
        {
            _productsBySpan.Remove(product);
        }

        _changes.Remove(product, topic, partition, offset);
        return true;
    }

    /// <summary>Whether any message matches, expired ones included.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="filter">The filter.</param>
    internal bool Any(ReadOnlySpan<byte> product, TopicFilter filter)
        => _productsBySpan.TryGetValue(product, out var retained) && retained.Any(filter.Levels);

    /// <summary>Takes a walk on by a bounded piece, in no order of topics. Expired messages are left out, and removed.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="walk">The walk.</param>
    /// <param name="nowMilliseconds">The time, in Unix milliseconds.</param>
    /// <param name="maximum">The most to find.</param>
    /// <param name="into">Where the findings are put, in place of what it holds. It may stay empty although the walk is not finished.</param>
    /// <returns>False when the walk is finished.</returns>
    internal bool Read(ReadOnlySpan<byte> product, RetainedWalk walk, long nowMilliseconds, int maximum, List<RetainedFinding> into)
    {
        into.Clear();
        if (!_productsBySpan.TryGetValue(product, out var retained))
        {
            return false;
        }

        retained.Read(walk, _mostRemembered, maximum, into);
        for (var index = into.Count - 1; index >= 0; index--)
        {
            var message = into[index].Message;
            if (message.ExpiresAtMilliseconds != 0 && message.ExpiresAtMilliseconds <= nowMilliseconds)
            {
                into.RemoveAt(index);
                Remove(product, message.Topic, message.Partition, message.Offset);
            }
        }

        return !walk.IsFinished;
    }

    /// <summary>Looks for messages by where their records lie, in a bounded number of places.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="place">Where to begin.</param>
    /// <param name="sought">The messages are put to the keys that they belong to.</param>
    /// <returns>Where to go on, or -1.</returns>
    internal int FindAt(ReadOnlySpan<byte> product, int place, Dictionary<(int Partition, long Offset), RetainedMessage?> sought)
        => _productsBySpan.TryGetValue(product, out var retained) ? retained.FindAt(place, sought) : -1;

    /// <summary>The message of a topic, expired or not; null when there is none.</summary>
    internal RetainedMessage? Find(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic)
        => _productsBySpan.TryGetValue(product, out var retained) ? retained.Find(topic) : null;

    /// <summary>What changed since the last call, for a checkpoint: one entry for each topic, with an empty record where it was cleared.</summary>
    public IReadOnlyList<StoredRetained> TakeChanges()
    {
        var taken = _changes;
        _changes = new RetainedChanges();
        return taken.ToStored();
    }

    /// <summary>Gives back changes that could not be saved. Topics that have changed again meanwhile keep the newer change.</summary>
    /// <param name="changes">What <see cref="TakeChanges"/> returned.</param>
    public void PutBack(IReadOnlyList<StoredRetained> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        foreach (var change in changes)
        {
            _changes.PutBack(change);
        }
    }

    /// <summary>Takes over a message of the last checkpoint. It does not count as a change.</summary>
    /// <param name="stored">The message.</param>
    public void Load(StoredRetained stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        TrySet(
            Encoding.UTF8.GetBytes(stored.Product), Encoding.UTF8.GetBytes(stored.Topic), stored.Partition, stored.Offset, stored.Record.Span, out _);
    }

    private bool TrySet(
        ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic, int partition, long offset, ReadOnlySpan<byte> record, out RetainedMessage message)
    {
        message = null!;
        if (!_productsBySpan.TryGetValue(product, out var retained))
        {
            retained = new ProductRetained();
            _productsBySpan[product] = retained;
        }

        var current = retained.Find(topic);
        if (current is not null && current.Offset >= offset)
        {
            return false;
        }

        message = new RetainedMessage(partition, offset, record.ToArray());
        retained.Set(message, current);
        Count += current is null ? 1 : 0;
        return true;
    }
}
