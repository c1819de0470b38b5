using System.Text;
using Holdfast.Broker.Access;
using Holdfast.Broker.Connections;
using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Log.Partitions;
using Holdfast.Log.State;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// What outlives a connection: subscriptions, a position in the log, the messages that are sent and not confirmed, and the QoS 2 receipts. It
/// holds no message.
/// </summary>
internal sealed class Session : LogSubscriber
{
    private readonly SessionServices _services;
    private StoredWill? _will;
    private RetainedReplays? _replays;
    private HashSet<string>? _storedReplays;

    public Session(SessionServices services, ulong id, string product, string clientId)
        : base(Encoding.UTF8.GetBytes(product))
    {
        _services = services;
        Id = id;
        Product = product;
        ClientId = clientId;
        ClientIdUtf8 = Encoding.UTF8.GetBytes(clientId);
        KeyHash = Partitioning.KeyHash(ProductUtf8, ClientIdUtf8);
        Subscriptions = new SessionSubscriptions(services, this);
        Sender = new SessionSender(services, this);
        HomePartition = Partitioning.PartitionOf(KeyHash, services.Log.PartitionCount);
    }

    public ulong Id { get; }

    public string Product { get; }

    public string ClientId { get; }

    public byte[] ClientIdUtf8 { get; }

    /// <summary>Places the session's own records.</summary>
    public ulong KeyHash { get; }

    /// <summary>Where the records of its QoS 2 deliveries lie.</summary>
    public int HomePartition { get; }

    /// <summary>Raised by every take-over.</summary>
    public long Epoch { get; set; }

    /// <summary>How long it outlives its connection; 0 not at all.</summary>
    public uint ExpirySeconds { get; set; }

    public bool IsPersistent => ExpirySeconds > 0;

    public DateTimeOffset? DisconnectedAt { get; set; }

    /// <summary>The connection that owns the session; the registry's. It may not be attached yet.</summary>
    public ClientConnection? Claimant { get; set; }

    /// <summary>The connection that is attached.</summary>
    public ClientConnection? Connection { get; private set; }

    /// <summary>The will of the connection, or the one that waits after its end.</summary>
    public StoredWill? Will
    {
        get => Volatile.Read(ref _will);
        set => Volatile.Write(ref _will, value);
    }

    /// <summary>Whether the store has a row for it.</summary>
    public bool IsStored { get; set; }

    public override IReadOnlySet<ulong>? Keys => Subscriptions.Keys;

    /// <summary>Messages below are not sent at QoS 0: they were committed while nobody was connected.</summary>
    public long[]? QosZeroFrom { get; private set; }

    /// <summary>Sends, and takes confirmations.</summary>
    public SessionSender Sender { get; }

    public OutboundWindow Outbound { get; } = new();

    public InboundReceipts Receipts { get; } = new();

    public SessionSubscriptions Subscriptions { get; }

    /// <summary>Bounds what waits for it; null when nothing does.</summary>
    public SessionQueue? Queue { get; set; }

    /// <summary>Per partition, the offset after the last message that was given a QoS 2 packet identifier, and is committed.</summary>
    public long[]? AssignedThrough { get; set; }

    /// <summary>Subscriptions whose retained messages wait to be sent, before anything from the log.</summary>
    public RetainedReplays Replays => _replays ??= new RetainedReplays();

    /// <summary>Whether any wait.</summary>
    public bool HasReplays => _replays is { Count: > 0 };

    /// <summary>Whether it has a subscription that its owner may not have.</summary>
    public bool HasForbiddenSubscription(Rights rights)
    {
        lock (Lock)
        {
            return Subscriptions.All.Any(one => !rights.MaySubscribe(one.Filter));
        }
    }

    /// <summary>No further retained messages are sent for a filter.</summary>
    public void RemoveReplay(string filter)
    {
        _replays?.Remove(filter);
        _storedReplays?.Remove(filter);
    }

    /// <summary>In a cluster, the filters of which the store says that retained messages are on their way, so that they are sent again should the session move before they have arrived.</summary>
    public HashSet<string> StoredReplays => _storedReplays ??= new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Those of the <see cref="StoredReplays"/> whose messages have not all arrived. What is not confirmed may be of any of them. The caller holds <see cref="LogSubscriber.Lock"/>.</summary>
    public List<string>? RetainedLeft()
    {
        if (_storedReplays is null or { Count: 0 })
        {
            return null;
        }

        var isAnyUnconfirmed = Outbound.HasUnconfirmedRetained();
        return [.. _storedReplays.Where(filter => isAnyUnconfirmed || _replays?.Contains(filter) == true)];
    }

    /// <summary>QoS 2 state changed since the last checkpoint.</summary>
    public bool ExchangesChanged { get; set; }

    /// <summary>The cursor of its own that the store holds; null when it holds none.</summary>
    public long[]? StoredCursor { get; set; }

    /// <summary>Whether the messages of a shared subscription that it has not confirmed, or whose QoS 2 identifier is not on disk, are any; they are added.</summary>
    public bool CollectUnconfirmed(SharedSubscription share, List<(int Partition, long Offset)> into)
    {
        lock (Lock)
        {
            var any = false;
            for (var place = 0; place < Outbound.Places; place++)
            {
                ref var message = ref Outbound[place];
                if (message.Share == share && message.State != OutboundState.Done
                    && (message.QualityOfService == QualityOfService.AtLeastOnce || message.State == OutboundState.Assigning))
                {
                    into.Add((message.Partition, message.Offset));
                    any = true;
                }
            }

            return any;
        }
    }

    /// <summary>Whether it has messages of a partition by a shared subscription that would be lost, or doubled, if that were given up now.</summary>
    /// <param name="share">The shared subscription.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="onlyUnrecorded">Only those whose QoS 2 packet identifier is being committed.</param>
    public bool HasUnconfirmed(SharedSubscription share, int partition, bool onlyUnrecorded)
    {
        lock (Lock)
        {
            for (var place = 0; place < Outbound.Places; place++)
            {
                ref var message = ref Outbound[place];
                if (message.Share == share && message.Partition == partition
                    && (message.State == OutboundState.Assigning
                        || (!onlyUnrecorded && message.State != OutboundState.Done && message.QualityOfService == QualityOfService.AtLeastOnce)))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Takes the connection. A session that was away, or has something unconfirmed, starts behind. The caller holds the dispatcher's gate.</summary>
    /// <returns>False when another connection has claimed the session meanwhile.</returns>
    public bool TryAttach(ClientConnection connection, long[] dispatched)
    {
        lock (Lock)
        {
            if (Claimant != connection)
            {
                return false;
            }

            Connection = connection;
            DisconnectedAt = null;
            Outbound.Limit = connection.SendLimit;
            QosZeroFrom = [.. dispatched];
            for (var place = 0; place < Outbound.Places; place++)
            {
                ref var message = ref Outbound[place];
                if (message.State == OutboundState.Sent)
                {
                    message.State = OutboundState.Ready;
                    message.SentBefore = true;
                }
            }

            if (Mode == SessionMode.Detached)
            {
                Mode = Positions is null && Outbound.Count == 0 && !HasReplays ? SessionMode.Live : SessionMode.Behind;
            }

            if (Mode == SessionMode.Behind)
            {
                Positions ??= [.. dispatched];
                SessionReader.Start(_services, this, connection, isNewConnection: true);
            }
        }

        foreach (var share in Subscriptions.Shared)
        {
            share.OnMemberAttached(dispatched);
            _services.Shared.OnMembersChanged();
        }

        return true;
    }

    /// <summary>Takes the will away, if it is still this one.</summary>
    public bool TryTakeWill(StoredWill will) => Interlocked.CompareExchange(ref _will, null, will) == will;

    /// <summary>Puts a will back that could not be published, unless there is another by now.</summary>
    public bool TryPutWillBack(StoredWill will) => Interlocked.CompareExchange(ref _will, will, null) is null;

    /// <summary>Lets the connection go, unless another has taken the session already. The caller holds the dispatcher's gate.</summary>
    /// <param name="connection">The connection that ended.</param>
    /// <param name="dispatched">The dispatcher's positions.</param>
    /// <param name="now">The time.</param>
    public void Detach(ClientConnection connection, long[] dispatched, DateTimeOffset now)
    {
        List<(SharedSubscription Share, LogPlace Place)> toReturn;
        lock (Lock)
        {
            if (Connection != connection)
            {
                return;
            }

            Connection = null;
            DisconnectedAt = now;
            if (Mode == SessionMode.Live)
            {
                Positions = [.. dispatched];
            }

            Mode = SessionMode.Detached;
            toReturn = TakeUnconfirmedShared(null, null);
            Wake();
        }

        foreach (var (share, place) in toReturn)
        {
            share.Return(place, dispatched);
        }

        foreach (var share in Subscriptions.Shared)
        {
            share.OnMemberDetached(dispatched);
            _services.Shared.OnMembersChanged();
        }
    }

    /// <summary>Ends the session for good.</summary>
    public void End()
    {
        lock (Lock)
        {
            Mode = SessionMode.Ended;
            Connection = null;
            Outbound.Clear();
            _replays = null;
            Wake();
        }
    }

    public override void DeliverDirect(in PublishPacket packet, scoped ReadOnlySpan<byte> publisher, in DeliveryTerms terms, TouchedOutputs touched)
        => Sender.DeliverDirect(packet, publisher, terms, touched);

    public override SendResult TrySendRead(in RecordView view, in PublishRecord record, TouchedOutputs touched)
        => Subscriptions.TryGetTerms(record.Topic, view.Partition, view.Offset, out var terms) && !_services.IsTrimmed(Product, record) && Queue?.TryDrop(view, record) != true
            ? Sender.TrySend(view.Partition, view.Offset, record, terms, DeliverySource.Log, touched)
            : SendResult.Skipped;

    /// <summary>One confirmed offset per partition: everything before needs no sending again.</summary>
    /// <param name="dispatched">Positions of the dispatcher, not newer than now.</param>
    public long[] ConfirmedCursor(long[] dispatched)
    {
        lock (Lock)
        {
            long[] cursor = [.. Mode == SessionMode.Live || Positions is null ? dispatched : Positions];
            Outbound.LowerToUnconfirmed(cursor);
            return cursor;
        }
    }

    /// <summary>The session as it is stored now.</summary>
    public StoredSession ToStored()
    {
        lock (Lock)
        {
            // Of a live session the last checkpoint knows the cursor, or that it needs none.
            StoredCursor = Positions is null ? StoredCursor : ConfirmedCursor(Positions);
            return new StoredSession
            {
                Id = Id,
                Product = Product,
                ClientId = ClientId,
                Epoch = Epoch,
                ExpirySeconds = ExpirySeconds,
                DisconnectedAt = DisconnectedAt,
                Will = Will,
                Cursor = StoredCursor,
            };
        }
    }

    /// <summary>Sends a live session behind, because retained messages wait. The caller holds the dispatcher's gate and <see cref="LogSubscriber.Lock"/>.</summary>
    public void StartReplays(long[] dispatched)
    {
        if (Mode == SessionMode.Live && Connection is not null)
        {
            FallBehind(dispatched);
        }

        Wake();
    }

    /// <summary>Makes a live session behind, because it has something to be sent again. The caller is on the delivery thread and holds <see cref="LogSubscriber.Lock"/>.</summary>
    public void FallBack() => FallBehind(_services.Feed.Dispatched);

    public override void Wake()
    {
        base.Wake();
        Subscriptions.WakeShared();
    }

    protected override SendResult TrySendLive(in RecordView view, in PublishRecord record, in DeliveryTerms terms, TouchedOutputs touched)
        => Connection is null ? SendResult.Skipped : Sender.TrySend(view.Partition, view.Offset, record, terms, DeliverySource.Log, touched);

    /// <summary>QoS 1 messages of shared subscriptions go to another member; those of one that has ended stay, and are sent again.</summary>
    /// <param name="only">Only those of this one; null for all.</param>
    /// <param name="partition">Only those of this partition; null for all.</param>
    public List<(SharedSubscription Share, LogPlace Place)> TakeUnconfirmedShared(SharedSubscription? only, int? partition)
        => TakeShared(message => message.QualityOfService == QualityOfService.AtLeastOnce
            && (only is null || message.Share == only) && (partition is null || message.Partition == partition));

    /// <summary>Messages of shared subscriptions whose packet identifier could not be recorded: they belong to nobody, and go to another member.</summary>
    public List<(SharedSubscription Share, LogPlace Place)> TakeUnrecordedShared() => TakeShared(message => message.State == OutboundState.Assigning);

    private List<(SharedSubscription Share, LogPlace Place)> TakeShared(Func<OutboundMessage, bool> isTaken)
    {
        using var held = Lock.EnterScope();
        var taken = new List<(SharedSubscription, LogPlace)>();

        // From the back: finishing the first place moves the others.
        for (var place = Outbound.Places - 1; place >= 0; place--)
        {
            var message = Outbound[place];
            if (message.Share is { Mode: not SessionMode.Ended } share && message.State != OutboundState.Done && isTaken(message))
            {
                taken.Add((share, new LogPlace(message.Partition, message.Offset)));
                Outbound.Finish(place);
            }
        }

        taken.Reverse();
        return taken;
    }

    protected override void StartReader() => SessionReader.Start(_services, this, Connection!);
}
