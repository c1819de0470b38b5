using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// Folds what the log holds into the QoS 2 state of a session that nobody uses yet. Receipts are kept by partition meanwhile: partitions are replayed one after the other, so a packet
/// identifier that a client has used again for another partition may be seen received there before its release is seen here.
/// </summary>
internal sealed class SessionReplay
{
    private readonly SessionServices _services;
    private readonly HashSet<(ushort PacketId, int Partition)> _receipts;

    public SessionReplay(SessionServices services, Session session)
    {
        _services = services;
        Session = session;
        _receipts = [.. session.Receipts.TakeAll()];
    }

    public Session Session { get; }

    /// <summary>Folds one record in.</summary>
    public void Apply(in SessionStep step)
    {
        Session.ExchangesChanged = true;
        var record = step.Record;
        var place = Session.Outbound.Find(record.PacketId);
        switch (record.Kind)
        {
            case RecordKind.Publish:
                _receipts.Add((record.PacketId, step.Partition));
                break;
            case RecordKind.ReceiptReleased:
                _receipts.Remove((record.PacketId, step.Partition));
                break;
            case RecordKind.DeliveryAssigned:
                ApplyAssigned(record);
                break;
            case RecordKind.DeliveryReceived when place >= 0:
                Session.Outbound[place].State = OutboundState.Released;
                break;
            case RecordKind.DeliveryCompleted when place >= 0:
                Session.Outbound.Finish(place);
                break;
        }
    }

    /// <summary>Everything is folded in.</summary>
    public void Complete()
    {
        foreach (var (packetId, partition) in _receipts)
        {
            Session.Receipts.Set(packetId, partition, ReceiptState.Received);
        }
    }

    private void ApplyAssigned(in SessionRecord step)
    {
        Session.Outbound.Restore(new OutboundMessage
        {
            PacketId = step.PacketId,
            Partition = (byte)step.MessagePartition,
            Offset = step.MessageOffset,
            QualityOfService = QualityOfService.ExactlyOnce,
            State = OutboundState.Sent,
            Retained = step.Retained,
            Share = step.Share == 0 ? null : _services.Shared.FindOrGone(step.Share),
            RetainFlag = step.Retained,
        });
        if (step.Share != 0)
        {
            _services.Shared.Find(step.Share)?.RestoreAssigned(new LogPlace(step.MessagePartition, step.MessageOffset));
        }
        else if (!step.Retained)
        {
            Session.AssignedThrough ??= new long[_services.Log.PartitionCount];
            Session.AssignedThrough[step.MessagePartition] = Math.Max(Session.AssignedThrough[step.MessagePartition], step.MessageOffset + 1);
        }
    }
}
