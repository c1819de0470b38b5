using System.Text;
using Holdfast.Broker.Sessions;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Log.State;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Wills;

/// <summary>A will as a record: encoded when the client connects, so that it can be stored, and published without the client.</summary>
internal static class WillRecord
{
    public static StoredWill Create(Will will, Session session)
    {
        var topic = Encoding.UTF8.GetBytes(will.Topic);
        var record = new PublishRecord
        {
            Product = session.ProductUtf8,
            Publisher = session.ClientIdUtf8,
            Topic = topic,
            Payload = will.Payload.Span,
            Properties = will.Properties.Span,
            KeyHash = Partitioning.KeyHash(session.ProductUtf8, Partitioning.KeyOf(topic)),
            QualityOfService = (byte)will.QualityOfService,
            Retain = will.Retain,
        };
        var bytes = new byte[record.Size];
        record.WriteTo(bytes);
        return new StoredWill(bytes, will.DelaySeconds, will.MessageExpirySeconds);
    }

    /// <summary>The will as it is published now.</summary>
    public static PublishRecord Read(StoredWill will, long nowMilliseconds)
    {
        var record = PublishRecord.Read(RecordView.ReadFirst(0, 0, will.Record));
        record.ReceivedAtMilliseconds = nowMilliseconds;
        record.ExpiresAtMilliseconds = will.MessageExpirySeconds is { } seconds ? nowMilliseconds + (seconds * 1000L) : 0;
        return record;
    }
}
