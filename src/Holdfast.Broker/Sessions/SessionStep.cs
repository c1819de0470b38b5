using Holdfast.Log.Records;

namespace Holdfast.Broker.Sessions;

/// <summary>A record of the log that changes the QoS 2 state of a session: a step of an exchange, or a publish that is a receipt.</summary>
/// <param name="Partition">Where the record lies.</param>
/// <param name="Record">The step; of a receipt only the session and the packet identifier, with the kind <see cref="RecordKind.Publish"/>.</param>
public readonly record struct SessionStep(int Partition, SessionRecord Record)
{
    /// <summary>Reads a record, if it is one.</summary>
    /// <param name="view">Any record.</param>
    /// <param name="step">The step.</param>
    public static bool TryRead(in RecordView view, out SessionStep step)
    {
        step = default;
        if (view.Kind == RecordKind.Publish)
        {
            var record = PublishRecord.Read(view);
            step = new SessionStep(
                view.Partition, new SessionRecord { Kind = RecordKind.Publish, Session = record.ReceiptSession, PacketId = record.ReceiptPacketId });
            return record.ReceiptSession != 0;
        }

        if (view.Kind is not (RecordKind.ReceiptReleased or RecordKind.DeliveryAssigned or RecordKind.DeliveryReceived or RecordKind.DeliveryCompleted))
        {
            return false;
        }

        step = new SessionStep(view.Partition, SessionRecord.Read(view));
        return true;
    }
}
