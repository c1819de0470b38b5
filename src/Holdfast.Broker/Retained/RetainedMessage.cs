using System.Text;
using Holdfast.Broker.Topics;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Retained;

/// <summary>The retained message of a topic. Immutable but for its place.</summary>
public sealed class RetainedMessage : ITopicEntry
{
    private readonly byte[] _record;
    private readonly int _topicStart;
    private readonly ushort _topicLength;
    private readonly ushort _partition;

    /// <param name="partition">Where the record lies.</param>
    /// <param name="offset">Where the record lies.</param>
    /// <param name="record">A publish record; becomes the message's own.</param>
    internal RetainedMessage(int partition, long offset, byte[] record)
    {
        _record = record;
        _partition = (ushort)partition;
        Offset = offset;
        var publish = Read();
        ExpiresAtMilliseconds = publish.ExpiresAtMilliseconds;
        record.AsSpan().Overlaps(publish.Topic, out _topicStart);
        _topicLength = (ushort)publish.Topic.Length;
    }

    /// <summary>The partition that the record lies in.</summary>
    public int Partition => _partition;

    /// <summary>The record's offset.</summary>
    public long Offset { get; }

    /// <summary>When the message expires, in Unix milliseconds; 0 for never.</summary>
    public long ExpiresAtMilliseconds { get; }

    /// <summary>The publish record as in the log.</summary>
    public ReadOnlyMemory<byte> Record => _record;

    /// <summary>Its place among its product's.</summary>
    internal int Place { get; set; }

    /// <summary>The topic name in UTF-8.</summary>
    public ReadOnlySpan<byte> Topic => _record.AsSpan(_topicStart, _topicLength);

    ReadOnlySpan<byte> ITopicEntry.Path => Topic;

    /// <summary>The message, in this object's memory.</summary>
    public PublishRecord Read()
    {
        var view = RecordView.ReadFirst(_partition, Offset, _record);
        return PublishRecord.Read(view);
    }

    /// <summary>The topic and where the message lies.</summary>
    public override string ToString() => $"{Encoding.UTF8.GetString(Topic)} ({Partition}-{Offset})";
}
