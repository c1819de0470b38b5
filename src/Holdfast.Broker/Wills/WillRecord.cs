using System.Globalization;
using System.Text;
using Holdfast.Broker.Sessions;
using Holdfast.Log.Deduplication;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Log.State;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Wills;

/// <summary>A will as a record: encoded when the client connects, so that it can be stored, and published without the client.</summary>
/// <remarks>In a cluster several may find that it is due. Then it has a stream of its own, the session, and the epoch as its sequence: it is stored once.</remarks>
internal static class WillRecord
{
    /// <param name="will">What the client gave.</param>
    /// <param name="session">The session, with the epoch of this connection.</param>
    /// <param name="isNamed">Whether it is to be told from every other will.</param>
    public static StoredWill Create(Will will, Session session, bool isNamed)
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
        return new StoredWill(bytes, will.DelaySeconds, will.MessageExpirySeconds) { Epoch = isNamed ? session.Epoch : 0 };
    }

    /// <summary>The will as it is published now.</summary>
    public static PublishRecord Read(StoredWill will, ulong sessionId, long nowMilliseconds)
    {
        var record = PublishRecord.Read(RecordView.ReadFirst(0, 0, will.Record));
        record.ReceivedAtMilliseconds = nowMilliseconds;
        record.ExpiresAtMilliseconds = will.MessageExpirySeconds is { } seconds ? nowMilliseconds + (seconds * 1000L) : 0;
        if (will.Epoch != 0)
        {
            record.Stream = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{DeduplicationStreams.ServerPrefix}will-{sessionId:x16}"));
            record.Sequence = (ulong)will.Epoch;
        }

        return record;
    }
}
