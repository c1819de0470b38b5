using Holdfast.Broker.Sessions;
using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;
using Holdfast.Log.Batches;
using Holdfast.Log.Records;
using Holdfast.Log.State;
using Holdfast.Mqtt;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Checkpoints;

/// <summary>Rebuilds the state of a node: the last checkpoint, then everything that the log has committed since, folded in again.</summary>
internal sealed class Recovery(SessionServices services, SessionRegistry registry, ISessionStore sessionStore, ICheckpointStore checkpointStore)
{
    private const int ReadBytes = 4 * 1024 * 1024;

    private readonly Dictionary<ulong, Session> _sessions = [];

    /// <summary>
    /// The receipts as they are folded. Partitions are replayed one after the other, so a packet identifier that a client has used again for
    /// another partition may be seen received there before its release is seen here.
    /// </summary>
    private readonly HashSet<(Session Session, ushort PacketId, int Partition)> _receipts = [];

    /// <summary>Loads and replays.</summary>
    /// <returns>The sessions, and the offsets of the checkpoint.</returns>
    public async Task<RecoveredState> RunAsync(CancellationToken cancellationToken)
    {
        var checkpoint = await checkpointStore.LoadAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var retained in checkpointStore.LoadRetainedAsync(cancellationToken).ConfigureAwait(false))
        {
            services.Retained.Load(retained with { Offset = Math.Min(retained.Offset, services.Log.CommittedOffset(retained.Partition) - 1) });
        }

        await foreach (var stream in checkpointStore.LoadStreamsAsync(cancellationToken).ConfigureAwait(false))
        {
            services.Committer.LoadStream(stream);
        }

        var wasConnected = new List<Session>();
        await foreach (var stored in sessionStore.LoadAsync(cancellationToken).ConfigureAwait(false))
        {
            var session = Restore(stored, checkpoint.Mark);
            if (stored.DisconnectedAt is null)
            {
                wasConnected.Add(session);
            }
        }

        var shares = new List<StoredShare>();
        await foreach (var share in checkpointStore.LoadSharesAsync(cancellationToken).ConfigureAwait(false))
        {
            shares.Add(share with { Positions = KeepBelowEnd(share.Positions) });
        }

        services.Shared.RestorePositions(shares, KeepBelowEnd([.. checkpoint.Mark]));
        var replayed = 0L;
        for (var partition = 0; partition < services.Log.PartitionCount; partition++)
        {
            replayed += await ReplayAsync(partition, checkpoint.AppliedOffsets[partition], cancellationToken).ConfigureAwait(false);
        }

        foreach (var (session, packetId, partition) in _receipts)
        {
            session.Receipts.Set(packetId, partition, ReceiptState.Received);
        }

        services.Logger.LogInformation(
            "Recovered {Sessions} sessions and {Retained} retained messages; {Records} records replayed", _sessions.Count, services.Retained.Count, replayed);
        return new RecoveredState(checkpoint.AppliedOffsets, [.. _sessions.Values], wasConnected);
    }

    private Session Restore(StoredSession stored, long[] mark)
    {
        var session = new Session(services, stored.Id, stored.Product, stored.ClientId)
        {
            Epoch = stored.Epoch,
            ExpirySeconds = stored.ExpirySeconds,
            DisconnectedAt = stored.DisconnectedAt ?? services.Time.GetUtcNow(),
            Will = stored.Will,
            IsStored = true,
            StoredCursor = stored.Cursor,
            Positions = [.. stored.Cursor ?? mark],
        };
        KeepBelowEnd(session.Positions);

        foreach (var subscription in stored.Subscriptions)
        {
            if (TopicFilter.TryParse(subscription.Filter, out var filter, out var problem)
                && SubscriptionOptions.TryFromByte(subscription.Options, out var options))
            {
                Restore(session, new Subscription<LogSubscriber>(filter, options, subscription.Identifier, KeepBelowEnd(subscription.Since), session));
            }
            else
            {
                services.Logger.LogError("Session {Client}: the stored subscription {Filter} is not valid: {Problem}", stored.ClientId, subscription.Filter, problem);
            }
        }

        if (stored.Exchanges is { } exchanges)
        {
            ExchangesEncoding.Decode(exchanges, session, services);
            KeepBelowEnd(session.AssignedThrough ?? []);
            foreach (var (packetId, partition) in session.Receipts.TakeAll())
            {
                _receipts.Add((session, packetId, partition));
            }
        }

        _sessions.Add(session.Id, session);
        registry.Restore(session);
        return session;
    }

    private void Restore(Session session, Subscription<LogSubscriber> subscription)
    {
        session.Subscriptions.Set(subscription);
        if (subscription.Filter.IsShared)
        {
            services.Shared.GetOrAdd(session.Product, subscription.Filter).RestoreMember(session, subscription, subscription.Since!);
        }
    }

    /// <summary>A disk that lied about a flush may have lost the end of the log; what comes there next must not be taken for what was there.</summary>
    private long[] KeepBelowEnd(long[] offsets)
    {
        for (var partition = 0; partition < offsets.Length; partition++)
        {
            offsets[partition] = Math.Min(offsets[partition], services.Log.CommittedOffset(partition));
        }

        return offsets;
    }

    private async Task<long> ReplayAsync(int partition, long from, CancellationToken cancellationToken)
    {
        var end = services.Log.CommittedOffset(partition);
        var count = 0L;
        while (from < end)
        {
            using var read = await services.Log.ReadAsync(partition, from, null, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var batch in read.Batches)
            {
                count += Replay(batch, from);
            }

            from = read.NextOffset;
        }

        return count;
    }

    private long Replay(RecordBatch batch, long from)
    {
        var count = 0L;
        foreach (var view in batch)
        {
            if (view.Offset < from)
            {
                continue;
            }

            count++;
            if (view.Kind == RecordKind.Publish)
            {
                ReplayPublish(view);
            }
            else if (view.Kind != RecordKind.Probe)
            {
                var step = SessionRecord.Read(view);
                if (_sessions.TryGetValue(step.Session, out var session))
                {
                    Replay(step, session, view.Partition);
                }
            }
        }

        return count;
    }

    private void ReplayPublish(in RecordView view)
    {
        var record = PublishRecord.Read(view);
        services.Committer.Replay(view.Partition, record);
        if (record.Retain)
        {
            services.Retained.Apply(view);
        }

        if (record.ReceiptSession != 0 && _sessions.TryGetValue(record.ReceiptSession, out var session))
        {
            _receipts.Add((session, record.ReceiptPacketId, view.Partition));
            session.ExchangesChanged = true;
        }
    }

    private void Replay(in SessionRecord step, Session session, int partition)
    {
        session.ExchangesChanged = true;
        var place = session.Outbound.Find(step.PacketId);
        switch (step.Kind)
        {
            case RecordKind.ReceiptReleased:
                _receipts.Remove((session, step.PacketId, partition));
                break;
            case RecordKind.DeliveryAssigned:
                ReplayAssigned(step, session);
                break;
            case RecordKind.DeliveryReceived when place >= 0:
                session.Outbound[place].State = OutboundState.Released;
                break;
            case RecordKind.DeliveryCompleted when place >= 0:
                session.Outbound.Finish(place);
                break;
        }
    }

    private void ReplayAssigned(in SessionRecord step, Session session)
    {
        session.Outbound.Restore(new OutboundMessage
        {
            PacketId = step.PacketId,
            Partition = (byte)step.MessagePartition,
            Offset = step.MessageOffset,
            QualityOfService = QualityOfService.ExactlyOnce,
            State = OutboundState.Sent,
            Retained = step.Retained,
            Share = step.Share == 0 ? null : services.Shared.FindOrGone(step.Share),
            RetainFlag = step.Retained,
        });
        if (step.Share != 0)
        {
            services.Shared.Find(step.Share)?.RestoreAssigned(new LogPlace(step.MessagePartition, step.MessageOffset));
        }
        else if (!step.Retained)
        {
            session.AssignedThrough ??= new long[services.Log.PartitionCount];
            session.AssignedThrough[step.MessagePartition] = Math.Max(session.AssignedThrough[step.MessagePartition], step.MessageOffset + 1);
        }
    }
}

/// <summary>What recovery found.</summary>
/// <param name="AppliedOffsets">The offsets of the checkpoint.</param>
/// <param name="Sessions">All sessions.</param>
/// <param name="WasConnected">Those that were connected when the process ended.</param>
internal sealed record RecoveredState(long[] AppliedOffsets, IReadOnlyList<Session> Sessions, IReadOnlyList<Session> WasConnected);
