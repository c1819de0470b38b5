using Holdfast.Broker.Connections;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// The sending half of a session: puts messages on the wire within the receive maximum, and takes the confirmations. Towards a persistent QoS 2
/// subscriber the packet identifier is committed before PUBLISH, and the PUBREC before PUBREL, so that a crash changes neither.
/// </summary>
internal sealed class SessionSender(SessionServices services, Session session) : ICommitObserver
{
    private const ulong AssignedToken = 1UL << 32;
    private const ulong ReceivedToken = 2UL << 32;

    private HashSet<ushort>? _toAssignAgain;
    private bool _waitsForRoom;

    /// <summary>No packet identifier can be recorded now; the session is woken when it can.</summary>
    public bool WaitsForCommitter => _waitsForRoom || _toAssignAgain is { Count: > 0 };

    /// <summary>A QoS 0 message straight from its publisher. It is dropped, and counted, when the peer does not read.</summary>
    public void DeliverDirect(in PublishPacket packet, scoped ReadOnlySpan<byte> publisher, in DeliveryTerms terms, TouchedOutputs touched)
    {
        var connection = session.Connection;
        if (connection is null || (terms.NoLocal && publisher.SequenceEqual(session.ClientIdUtf8)))
        {
            return;
        }

        if (connection.Output.IsClogged)
        {
            services.Metrics.QosZeroDropped.Add(1);
            services.Refusals.Note("QoS 0 message", "subscriber does not read", $"to {session.ClientId} of {session.Product}.");
            return;
        }

        var mine = packet;
        mine.Retain = packet.Retain && terms.RetainAsPublished;
        mine.SubscriptionIdentifiers = terms.Identifiers;
        if (MessageWriter.TryWrite(connection, mine))
        {
            touched.Add(connection.Output);
        }
        else
        {
            services.CountTooLarge(session);
        }
    }

    /// <summary>Sends one message if the window and the peer allow. The caller holds the session's lock.</summary>
    public SendResult TrySend(int partition, long offset, in PublishRecord record, in DeliveryTerms terms, DeliverySource source, TouchedOutputs touched)
    {
        var connection = session.Connection!;
        var qualityOfService = (QualityOfService)Math.Min(record.QualityOfService, (byte)terms.QualityOfService);
        if (terms.NoLocal && record.Publisher.SequenceEqual(session.ClientIdUtf8))
        {
            return SendResult.Skipped;
        }

        if (record.ExpiresAtMilliseconds != 0 && record.ExpiresAtMilliseconds <= services.NowMilliseconds)
        {
            services.Metrics.Expired.Add(1);
            return SendResult.Skipped;
        }

        if (connection.Output.IsClogged)
        {
            return SendResult.Blocked;
        }

        var retainFlag = source.Retained || (terms.RetainAsPublished && record.Retain);
        if (qualityOfService == QualityOfService.AtMostOnce)
        {
            if (source == DeliverySource.Log && session.QosZeroFrom is { } from && offset < from[partition])
            {
                return SendResult.Skipped;
            }

            var unconfirmed = new OutboundMessage { RetainFlag = retainFlag };
            return Write(connection, record, unconfirmed, terms.Identifiers, touched);
        }

        if (qualityOfService == QualityOfService.ExactlyOnce)
        {
            // Also in a session that is to be kept no longer: it was kept when these were assigned.
            if (source == DeliverySource.Log && session.AssignedThrough is { } through && offset < through[partition])
            {
                return SendResult.Skipped;
            }

            if (session.IsPersistent)
            {
                return Assign(partition, offset, source, retainFlag);
            }
        }

        if (session.Outbound.IsFull)
        {
            return SendResult.Blocked;
        }

        session.Outbound.Add(partition, offset, qualityOfService, OutboundState.Sent, source, retainFlag);
        var result = Write(connection, record, session.Outbound[session.Outbound.Places - 1], terms.Identifiers, touched);
        if (result == SendResult.TooLarge)
        {
            session.Outbound.Finish(session.Outbound.Places - 1);
        }

        return result;
    }

    /// <summary>Sends what was assigned, or what a connection before this one has not confirmed. The caller holds the session's lock.</summary>
    /// <returns>False when it is larger than the client accepts: then it is finished.</returns>
    public bool TrySendAgain(int place, in PublishRecord record, TouchedOutputs touched)
    {
        ref var message = ref session.Outbound[place];
        DeliveryTerms terms;
        if (message.Share is { } share)
        {
            terms = share.TermsOf(session);
        }
        else if (message.Retained)
        {
            // It is older than the subscription that asked for it.
            terms = new DeliveryTerms(message.QualityOfService, noLocal: false, retainAsPublished: true, message.Identifier == 0 ? [] : new ReadOnlySpan<uint>(in message.Identifier));
        }
        else
        {
            _ = session.Subscriptions.TryGetTerms(record.Topic, message.Partition, message.Offset, out terms);
        }

        message.State = OutboundState.Sent;
        message.RetainFlag |= terms.RetainAsPublished && record.Retain;
        if (!MessageWriter.TryWrite(session.Connection!, record, message, terms.Identifiers, services))
        {
            services.CountTooLarge(session);
            session.Outbound.Finish(place);
            return false;
        }

        touched.Add(session.Connection!.Output);
        return true;
    }

    /// <summary>PUBACK: the message is confirmed.</summary>
    public void OnPubAck(ushort packetId)
    {
        lock (session.Lock)
        {
            var place = session.Outbound.Find(packetId);
            if (place >= 0 && session.Outbound[place].QualityOfService == QualityOfService.AtLeastOnce)
            {
                session.Outbound.Finish(place);
                WakeWhenThereIsRoom();
            }
        }
    }

    /// <summary>PUBREC: commit it, then send PUBREL.</summary>
    /// <returns>What to tell the client now, if anything.</returns>
    public AckPacket? OnPubRec(ushort packetId, ReasonCode reason)
    {
        lock (session.Lock)
        {
            var place = session.Outbound.Find(packetId);
            if (place < 0 || session.Outbound[place].QualityOfService != QualityOfService.ExactlyOnce)
            {
                return new AckPacket(PacketType.PubRel, packetId, ReasonCode.PacketIdentifierNotFound);
            }

            ref var message = ref session.Outbound[place];
            if ((byte)reason >= 0x80)
            {
                Complete(place, packetId);
                return null;
            }

            if (message.State is OutboundState.Released)
            {
                return new AckPacket(PacketType.PubRel, packetId, ReasonCode.Success);
            }

            if (!session.IsPersistent)
            {
                message.State = OutboundState.Released;
                return new AckPacket(PacketType.PubRel, packetId, ReasonCode.Success);
            }

            if (message.State != OutboundState.Releasing)
            {
                message.State = OutboundState.Releasing;
                Record(RecordKind.DeliveryReceived, packetId, ReceivedToken | packetId);
            }

            return null;
        }
    }

    /// <summary>PUBCOMP: the exchange is complete.</summary>
    public void OnPubComp(ushort packetId)
    {
        lock (session.Lock)
        {
            var place = session.Outbound.Find(packetId);
            if (place >= 0 && session.Outbound[place].State is OutboundState.Released or OutboundState.Releasing)
            {
                Complete(place, packetId);
            }
        }
    }

    /// <inheritdoc/>
    public void OnCompleted(ulong token, int partition, long offset, AppendStatus status)
    {
        var packetId = (ushort)token;
        lock (session.Lock)
        {
            var place = session.Outbound.Find(packetId);
            if (place < 0)
            {
                return;
            }

            session.ExchangesChanged = true;
            if ((token & ReceivedToken) != 0)
            {
                OnReceivedCompleted(place, status);
            }
            else
            {
                OnAssignedCompleted(place, status);
            }
        }
    }

    private SendResult Write(
        ClientConnection connection, in PublishRecord record, in OutboundMessage message, ReadOnlySpan<uint> identifiers, TouchedOutputs touched)
    {
        if (!MessageWriter.TryWrite(connection, record, message, identifiers, services))
        {
            services.CountTooLarge(session);
            return SendResult.TooLarge;
        }

        touched.Add(connection.Output);
        return SendResult.Sent;
    }

    private SendResult Assign(int partition, long offset, DeliverySource source, bool retainFlag)
    {
        if (session.Outbound.IsFull || WaitsForCommitter)
        {
            return SendResult.Blocked;
        }

        session.Outbound.Add(partition, offset, QualityOfService.ExactlyOnce, OutboundState.Assigning, source, retainFlag);
        var place = session.Outbound.Places - 1;
        if (TryRecordAssigned(session.Outbound[place]) == AppendAdmission.Accepted)
        {
            return SendResult.Sent;
        }

        session.Outbound.Finish(place);
        _waitsForRoom = true;
        _ = WakeWhenCommitterHasRoomAsync();
        return SendResult.Blocked;
    }

    private AppendAdmission TryRecordAssigned(in OutboundMessage message)
    {
        var record = new SessionRecord
        {
            Kind = RecordKind.DeliveryAssigned,
            Session = session.Id,
            PacketId = message.PacketId,
            MessagePartition = message.Partition,
            MessageOffset = message.Offset,
            Retained = message.Retained,
            Share = message.Share?.Hash ?? 0,
            KeyHash = session.KeyHash,
            ReceivedAtMilliseconds = services.NowMilliseconds,
        };
        return services.Appender.TryAppend(session.HomePartition, record, this, AssignedToken | message.PacketId);
    }

    private void OnAssignedCompleted(int place, AppendStatus status)
    {
        ref var message = ref session.Outbound[place];
        if (status != AppendStatus.Appended)
        {
            // It keeps its place; until it is recorded, in order with the others, nothing further is.
            (_toAssignAgain ??= []).Add(message.PacketId);
            if (_toAssignAgain.Count == 1)
            {
                _ = AssignAgainAsync();
            }

            return;
        }

        if (message.IsOwn)
        {
            session.AssignedThrough ??= new long[services.Log.PartitionCount];
            session.AssignedThrough[message.Partition] = Math.Max(session.AssignedThrough[message.Partition], message.Offset + 1);
        }

        message.State = OutboundState.Ready;
        if (session.Connection is null)
        {
            return;
        }

        if (session.Mode == SessionMode.Live)
        {
            session.FallBack();
        }

        session.Wake();
    }

    private void OnReceivedCompleted(int place, AppendStatus status)
    {
        ref var message = ref session.Outbound[place];
        if (status != AppendStatus.Appended)
        {
            // The client will not send PUBREC again on this connection.
            _ = RecordReceivedAgainAsync(message.PacketId);
            return;
        }

        message.State = OutboundState.Released;
        if (session.Connection is { } connection)
        {
            MessageWriter.Write(connection, new AckPacket(PacketType.PubRel, message.PacketId, ReasonCode.Success));
            services.DeliveryTouched.Add(connection.Output);
        }
    }

    private void Complete(int place, ushort packetId)
    {
        session.Outbound.Finish(place);
        if (session.IsPersistent)
        {
            session.ExchangesChanged = true;
            Record(RecordKind.DeliveryCompleted, packetId, 0);
        }

        WakeWhenThereIsRoom();
    }

    private void Record(RecordKind kind, ushort packetId, ulong token)
    {
        var record = new SessionRecord
        {
            Kind = kind,
            Session = session.Id,
            PacketId = packetId,
            KeyHash = session.KeyHash,
            ReceivedAtMilliseconds = services.NowMilliseconds,
        };
        var observer = token == 0 ? null : this;
        if (services.Appender.TryAppend(session.HomePartition, record, observer, token) == AppendAdmission.Busy)
        {
            _ = RecordWhenRoomAsync(record, observer, token);
        }
    }

    private async Task RecordWhenRoomAsync(SessionRecord record, ICommitObserver? observer, ulong token)
    {
        do
        {
            await services.Appender.WhenRoomAsync().ConfigureAwait(false);
        }
        while (services.Appender.TryAppend(session.HomePartition, record, observer, token) == AppendAdmission.Busy);
    }

    /// <summary>Waits for a commit first: at once it would only be refused again.</summary>
    private async Task AssignAgainAsync()
    {
        await services.Monitor.WhenCommittedAgainAsync().ConfigureAwait(false);
        while (!TryAssignAgain())
        {
            await services.Appender.WhenRoomAsync().ConfigureAwait(false);
        }
    }

    private bool TryAssignAgain()
    {
        lock (session.Lock)
        {
            // In the order of the window, whatever the order of the refusals: recovery takes the last assignment of a partition for all before it.
            for (var place = 0; place < session.Outbound.Places && _toAssignAgain is { Count: > 0 }; place++)
            {
                var message = session.Outbound[place];
                if (message.State != OutboundState.Assigning || !_toAssignAgain.Contains(message.PacketId))
                {
                    continue;
                }

                if (TryRecordAssigned(message) == AppendAdmission.Busy)
                {
                    return false;
                }

                _toAssignAgain.Remove(message.PacketId);
            }

            // What is left has ended meanwhile.
            _toAssignAgain = null;
            session.Wake();
            return true;
        }
    }

    private async Task RecordReceivedAgainAsync(ushort packetId)
    {
        await services.Monitor.WhenCommittedAgainAsync().ConfigureAwait(false);
        lock (session.Lock)
        {
            var place = session.Outbound.Find(packetId);
            if (place >= 0 && session.Outbound[place].State == OutboundState.Releasing)
            {
                Record(RecordKind.DeliveryReceived, packetId, ReceivedToken | packetId);
            }
        }
    }

    private async Task WakeWhenCommitterHasRoomAsync()
    {
        await services.Appender.WhenRoomAsync().ConfigureAwait(false);
        lock (session.Lock)
        {
            _waitsForRoom = false;
            session.Wake();
        }
    }

    private void WakeWhenThereIsRoom()
    {
        // Half a window at a time: waking the reader for every confirmation would cost more than it sends.
        if (session.Outbound.Places <= session.Outbound.Limit / 2 || session.Outbound.Places >= session.Outbound.Limit)
        {
            session.Wake();
        }
    }
}
