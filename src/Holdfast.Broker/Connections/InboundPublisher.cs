using Holdfast.Broker.Delivery;
using Holdfast.Broker.Limits.Overload;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Sessions;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Connections;

/// <summary>
/// What a connection publishes. QoS 0 goes straight to the subscribers; everything else is appended to the log, and acknowledged when the
/// commit returns, in the order of arrival.
/// </summary>
internal sealed class InboundPublisher(SessionServices services, DirectRouter router, ClientConnection connection) : ICommitObserver
{
    private const int LargestOnStack = 1024;

    private readonly PendingAcknowledgements _pending = new();
    private TopicRoute? _route;
    private TaskCompletionSource? _oweLess;
    private bool _owesTooMuch;
    private InboundBatch? _unfinishedBatch;

    /// <summary>PUBLISH packets since the last <see cref="TakeReceived"/>.</summary>
    private int _received;

    /// <summary>Messages of the last packet that was accepted: of a batch as many as it holds.</summary>
    private int _accepted;
    private long _answeredAt = long.MinValue / 2;

    private Session Session => connection.Session!;

    /// <summary>The session was detached from the connection, which is closed; its receipts may be on another node by now. The caller holds the session's lock.</summary>
    private bool HasLostSession => Session.Connection != connection;

    /// <summary>Handles a PUBLISH.</summary>
    public PacketOutcome Publish(in PublishPacket packet, TouchedOutputs touched)
    {
        _accepted = 1;
        if (packet.Payload.Length > services.Options.MaximumPayload)
        {
            return connection.Refuse(ReasonCode.PacketTooLarge, $"The payload has {packet.Payload.Length} bytes; this server accepts {services.Options.MaximumPayload}.");
        }

        if (packet.Topic[0] == (byte)'$')
        {
            return connection.Refuse(ReasonCode.NotAuthorized, "Topics that begin with $ belong to the server.");
        }

        var rights = connection.Identity.Rights;
        if (_route is not { } route || !route.IsFor(packet.Topic, rights))
        {
            if (!rights.MayPublish(packet.Topic))
            {
                services.Metrics.PublishRefused.Add(1, new KeyValuePair<string, object?>("reason", nameof(ReasonCode.NotAuthorized)));
                return connection.Refuse(ReasonCode.NotAuthorized, "This client may not publish on this topic.");
            }

            if (connection.Terms.ProblemOf(packet.Topic) is { } problem)
            {
                return connection.Refuse(ReasonCode.TopicNameInvalid, problem);
            }

            _route = route = new TopicRoute(Session.ProductUtf8, packet.Topic, rights, services.Log.PartitionCount);
        }

        if (route.TakesBatches && DeviceBatchReader.IsBatch(packet.Payload))
        {
            return PublishBatch(packet, route);
        }

        var outcome = packet.QualityOfService switch
        {
            QualityOfService.AtMostOnce => PublishAtMostOnce(packet, route, touched),
            QualityOfService.AtLeastOnce => PublishAtLeastOnce(packet, route),
            _ => PublishExactlyOnce(packet, route),
        };

        // A busy packet comes again.
        _received += outcome == PacketOutcome.Busy ? 0 : 1;
        return outcome;
    }

    /// <summary>Handles a PUBREL: the release is committed, then PUBCOMP is sent.</summary>
    public PacketOutcome Release(ushort packetId, TouchedOutputs touched)
    {
        int partition;
        lock (Session.Lock)
        {
            if (HasLostSession)
            {
                return PacketOutcome.Closed;
            }

            if (!Session.Receipts.TryGet(packetId, out partition, out var state))
            {
                MessageWriter.Write(connection, new AckPacket(PacketType.PubComp, packetId, ReasonCode.PacketIdentifierNotFound));
                touched.Add(connection.Output);
                return PacketOutcome.Continue;
            }

            if (!Session.IsPersistent)
            {
                Session.Receipts.Remove(packetId);
            }
            else if (state == ReceiptState.Received)
            {
                return AppendRelease(packetId, partition);
            }
        }

        // The release is on its way already, or there is nothing to record: answer behind what was appended before.
        return AnswerBehindCommit(PacketType.PubComp, packetId, partition);
    }

    /// <inheritdoc/>
    public void OnCompleted(ulong token, int partition, long offset, AppendStatus status)
    {
        if (status != AppendStatus.Appended)
        {
            connection.CloseForFullDisk();
        }

        Volatile.Write(ref _answeredAt, services.Appender.Groups);
        lock (_pending)
        {
            _pending.Complete(token, status == AppendStatus.Appended);
        }

        // Settled outside the lock, which is taken inside the session's elsewhere. Only the delivery thread takes, so the order is kept.
        while (TryTake(out var acknowledgement, out var packetId, out var isCommitted))
        {
            Finish(acknowledgement, packetId, isCommitted);
        }
    }

    /// <summary>Completes when a packet that was busy may be given again.</summary>
    public Task WhenRoomAsync()
    {
        if (!_owesTooMuch)
        {
            return services.Appender.WhenRoomAsync();
        }

        lock (_pending)
        {
            return _pending.Count >= connection.Terms.OwedMaximum ? (_oweLess ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    /// <summary>How many PUBLISH packets came since the last call.</summary>
    public int TakeReceived()
    {
        var received = _received;
        _received = 0;
        return received;
    }

    /// <summary>How many messages the packet held that was just accepted.</summary>
    public int TakeAccepted() => _accepted;

    private PacketOutcome PublishAtMostOnce(in PublishPacket packet, TopicRoute route, TouchedOutputs touched)
    {
        if (services.Overload.Level == OverloadLevel.Shedding && !packet.Retain)
        {
            services.Metrics.CountLimited("node", "overload", "drop");
            services.Refusals.Note("QoS 0 message", "overload", $"from {Session.ClientId} of {Session.Product}.");
            return PacketOutcome.Continue;
        }

        if (packet.Retain || services.LogInterests.IsInterested(Session.ProductUtf8, packet.Topic))
        {
            return Append(packet, route, null, 0) == AppendAdmission.Busy ? PacketOutcome.Busy : PacketOutcome.Continue;
        }

        if (packet.PropertiesNeedFiltering)
        {
            RouteFiltered(packet, touched);
        }
        else
        {
            router.Route(packet, Session, touched);
        }

        return PacketOutcome.Continue;
    }

    private void RouteFiltered(in PublishPacket packet, TouchedOutputs touched)
    {
        var length = packet.Properties.Length;
        Span<byte> filtered = length <= LargestOnStack ? stackalloc byte[LargestOnStack] : new byte[length];
        scoped var forwarded = packet;
        forwarded.Properties = filtered[..PropertyFilter.CopyForwardable(packet.Properties, filtered)];
        forwarded.PropertiesNeedFiltering = false;
        router.Route(forwarded, Session, touched);
    }

    private PacketOutcome PublishAtLeastOnce(in PublishPacket packet, TopicRoute route)
    {
        if (IsOverReceiveMaximum(0))
        {
            return connection.Refuse(ReasonCode.ReceiveMaximumExceeded, $"More than {connection.Terms.ReceiveMaximum} unacknowledged messages.");
        }

        if (!TryOwe(PacketType.PubAck, packet.PacketId, out var token))
        {
            return PacketOutcome.Busy;
        }

        if (Append(packet, route, this, token) == AppendAdmission.Busy)
        {
            TakeBack();
            return PacketOutcome.Busy;
        }

        return PacketOutcome.Continue;
    }

    private PacketOutcome PublishBatch(in PublishPacket packet, TopicRoute route)
    {
        // A batch that found no room in the middle is the packet that comes again.
        if (_unfinishedBatch is null)
        {
            if (packet.QualityOfService != QualityOfService.AtLeastOnce)
            {
                return connection.Refuse(ReasonCode.QosNotSupported, "A batch of events is published at QoS 1.");
            }

            if (InboundBatch.Check(packet, connection.Terms, out var count) is { } problem)
            {
                return connection.Refuse(ReasonCode.PayloadFormatInvalid, $"{problem} Nothing of the batch was stored.");
            }

            if (IsOverReceiveMaximum(0))
            {
                return connection.Refuse(ReasonCode.ReceiveMaximumExceeded, $"More than {connection.Terms.ReceiveMaximum} unacknowledged messages.");
            }

            if (!TryOwe(PacketType.PubAck, packet.PacketId, out var token))
            {
                return PacketOutcome.Busy;
            }

            _unfinishedBatch = new InboundBatch(services, this, token, count);
        }

        var record = NewRecord(packet, route);
        if (_unfinishedBatch.Append(packet, record, route.Partition, Volatile.Read(ref _answeredAt)) == AppendAdmission.Busy)
        {
            return PacketOutcome.Busy;
        }

        _received += _unfinishedBatch.Count;
        _accepted = _unfinishedBatch.Count;
        _unfinishedBatch = null;
        return PacketOutcome.Continue;
    }

    private PacketOutcome PublishExactlyOnce(in PublishPacket packet, TopicRoute route)
    {
        lock (Session.Lock)
        {
            if (HasLostSession)
            {
                return PacketOutcome.Closed;
            }

            if (Session.Receipts.TryGet(packet.PacketId, out var partition, out _))
            {
                // The same message again [MQTT-4.3.3-10]: PUBREC, behind the commit of the first copy.
                return AnswerBehindCommit(PacketType.PubRec, packet.PacketId, partition);
            }

            if (IsOverReceiveMaximum(Session.Receipts.Count))
            {
                return connection.Refuse(ReasonCode.ReceiveMaximumExceeded, $"More than {connection.Terms.ReceiveMaximum} unacknowledged messages.");
            }

            if (!TryOwe(PacketType.PubRec, packet.PacketId, out var token))
            {
                return PacketOutcome.Busy;
            }

            Session.Receipts.Set(packet.PacketId, route.Partition, ReceiptState.Committing);
            if (Append(packet, route, this, token) == AppendAdmission.Busy)
            {
                Session.Receipts.Remove(packet.PacketId);
                TakeBack();
                return PacketOutcome.Busy;
            }
        }

        return PacketOutcome.Continue;
    }

    /// <summary>What a record has from its packet, whatever its topic, payload and properties are.</summary>
    private PublishRecord NewRecord(in PublishPacket packet, TopicRoute route)
    {
        var now = services.NowMilliseconds;
        return new PublishRecord
        {
            Product = Session.ProductUtf8,
            Publisher = Session.ClientIdUtf8,
            KeyHash = route.KeyHash,
            QualityOfService = (byte)packet.QualityOfService,
            Retain = packet.Retain,
            ReceivedAtMilliseconds = now,
            ExpiresAtMilliseconds = packet.MessageExpirySeconds is { } seconds ? now + (seconds * 1000L) : 0,
        };
    }

    private AppendAdmission Append(in PublishPacket packet, TopicRoute route, ICommitObserver? observer, ulong token)
    {
        var properties = packet.Properties;
        Span<byte> filtered = packet.PropertiesNeedFiltering ? new byte[properties.Length] : default;
        if (packet.PropertiesNeedFiltering)
        {
            properties = filtered[..PropertyFilter.CopyForwardable(properties, filtered)];
        }

        var record = NewRecord(packet, route);
        record.Topic = packet.Topic;
        record.Payload = packet.Payload;
        record.Properties = properties;
        if (packet.QualityOfService == QualityOfService.ExactlyOnce && Session.IsPersistent)
        {
            record.ReceiptSession = Session.Id;
            record.ReceiptPacketId = packet.PacketId;
        }

        if (!properties.IsEmpty && route.IsDevice)
        {
            StreamSequence.Read(properties, ref record);
        }

        record.PossibleDuplicate = packet.Duplicate && record.Stream.IsEmpty && packet.QualityOfService == QualityOfService.AtLeastOnce;
        return services.Appender.TryAppend(route.Partition, ref record, observer, token, Volatile.Read(ref _answeredAt));
    }

    private PacketOutcome AppendRelease(ushort packetId, int partition)
    {
        if (!TryOwe(PacketType.PubComp, packetId, out var token))
        {
            return PacketOutcome.Busy;
        }

        var record = new SessionRecord
        {
            Kind = RecordKind.ReceiptReleased,
            Session = Session.Id,
            PacketId = packetId,
            KeyHash = Session.KeyHash,
            ReceivedAtMilliseconds = services.NowMilliseconds,
        };
        if (services.Appender.TryAppend(partition, record, this, token) == AppendAdmission.Busy)
        {
            TakeBack();
            return PacketOutcome.Busy;
        }

        Session.Receipts.Set(packetId, partition, ReceiptState.Releasing);
        return PacketOutcome.Continue;
    }

    private bool IsOverReceiveMaximum(int receipts)
    {
        lock (_pending)
        {
            return connection.Version == ProtocolVersion.Mqtt5 && Math.Max(_pending.Count, receipts) >= connection.Terms.ReceiveMaximum;
        }
    }

    private bool TryOwe(PacketType acknowledgement, ushort packetId, out ulong token)
    {
        lock (_pending)
        {
            var hasRoom = connection.Version == ProtocolVersion.Mqtt5 ? !_pending.IsFull : _pending.Count < connection.Terms.OwedMaximum;
            token = hasRoom ? _pending.Add(acknowledgement, packetId) : 0;
            _owesTooMuch = !hasRoom;
            return hasRoom;
        }
    }

    private PacketOutcome AnswerBehindCommit(PacketType acknowledgement, ushort packetId, int partition)
    {
        if (!TryOwe(acknowledgement, packetId, out var token))
        {
            return PacketOutcome.Busy;
        }

        services.Appender.AppendMarker(partition, this, token);
        return PacketOutcome.Continue;
    }

    private bool TryTake(out PacketType acknowledgement, out ushort packetId, out bool isCommitted)
    {
        lock (_pending)
        {
            var isTaken = _pending.TryTake(out acknowledgement, out packetId, out isCommitted);
            if (isTaken)
            {
                _oweLess?.SetResult();
                _oweLess = null;
            }

            return isTaken;
        }
    }

    private void TakeBack()
    {
        lock (_pending)
        {
            _pending.RemoveLast();
        }
    }

    /// <summary>Settles one exchange: the session's state first, then the packet.</summary>
    private void Finish(PacketType acknowledgement, ushort packetId, bool isCommitted)
    {
        if (acknowledgement != PacketType.PubAck)
        {
            SettleReceipt(acknowledgement, packetId, isCommitted);
        }

        if (isCommitted)
        {
            MessageWriter.Write(connection, new AckPacket(acknowledgement, packetId, ReasonCode.Success));
            services.DeliveryTouched.Add(connection.Output);
        }
    }

    private void SettleReceipt(PacketType acknowledgement, ushort packetId, bool committed)
    {
        lock (Session.Lock)
        {
            Session.ExchangesChanged = true;
            if (!Session.Receipts.TryGet(packetId, out var partition, out var state))
            {
                return;
            }

            switch (acknowledgement, committed, state)
            {
                case (PacketType.PubRec, true, ReceiptState.Committing):
                case (PacketType.PubComp, false, ReceiptState.Releasing):
                    Session.Receipts.Set(packetId, partition, ReceiptState.Received);
                    break;
                case (PacketType.PubRec, false, ReceiptState.Committing):
                case (PacketType.PubComp, true, ReceiptState.Releasing):
                    Session.Receipts.Remove(packetId);
                    break;
            }
        }
    }
}
