using System.Text;
using Holdfast.Broker.Connections;
using Holdfast.Broker.Sessions;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Log.State;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.SharedSubscriptions;

/// <summary>
/// The subscription that sessions share by <c>$share/{name}/{filter}</c> (MQTT 5, 4.8.2): one position in the log, and each message to one member, in turn
/// among those that can take it. What a member has not confirmed lies in that member's window. When its connection ends, its QoS 1 messages come back
/// and go to another; QoS 2 stays with its session [MQTT-4.8.2-4]. Its lock is taken inside the dispatcher's gate and outside the members' locks;
/// members join, leave, come and go inside the gate.
/// </summary>
internal sealed partial class SharedSubscription : LogSubscriber
{
    private readonly SessionServices _services;
    private readonly TopicFilter _filter;
    private readonly HashSet<ulong>? _keys;
    private readonly LinkedList<LogPlace> _returned = new();
    private readonly HashSet<LogPlace> _assigned = [];
    private SharedMember[] _members = [];
    private readonly List<Session> _former = [];
    private long[]? _qosZeroFrom;
    private int _turn;
    private StoredShare? _stored;

    public SharedSubscription(SessionServices services, string product, TopicFilter filter)
        : base(Encoding.UTF8.GetBytes(product))
    {
        _services = services;
        _filter = filter;
        Product = product;
        FullFilter = filter.ToString();
        Hash = HashOf(product, FullFilter);
        var keys = filter.LiteralKeys();
        _kept = services.SessionsTravel ? new KeptPartitions(services.Log.PartitionCount) : null;
        _keys = keys.Count == 0 ? null : [.. keys.Select(key => Partitioning.KeyHash(ProductUtf8, key))];
    }

    /// <summary>One that has ended, of which a message is still on its way to a former member.</summary>
    public SharedSubscription(SessionServices services, ulong hash)
        : base([])
    {
        _services = services;
        (Product, FullFilter, Hash) = ("", "", hash);
        Mode = SessionMode.Ended;
    }

    public string Product { get; }

    /// <summary>The filter with its <c>$share</c> part.</summary>
    public string FullFilter { get; }

    /// <summary>Names it in the log. Never 0.</summary>
    public ulong Hash { get; }

    /// <summary>The position at which it began; earlier records do not belong to it. Do not change the array.</summary>
    public long[]? Since { get; private set; }

    public override IReadOnlySet<ulong>? Keys => _keys;

    /// <summary>The reader that takes it through the log, while it is behind.</summary>
    public SharedReader? Reader { get; private set; }

    /// <summary>The members now; a new array with each change.</summary>
    public ReadOnlySpan<SharedMember> Members => Volatile.Read(ref _members);

    /// <summary>Whether messages of lost members wait to be sent. The caller holds <see cref="LogSubscriber.Lock"/>.</summary>
    public bool HasReturned => TryPeekReturned(out _);

    public static ulong HashOf(string product, string fullFilter)
        => Partitioning.KeyHash(Encoding.UTF8.GetBytes(product), Encoding.UTF8.GetBytes(fullFilter)) | 1;

    /// <summary>Adds a member, or gives it other options. The caller holds the dispatcher's gate.</summary>
    public void Join(Session session, Subscription<LogSubscriber> subscription, long[] dispatched)
    {
        lock (Lock)
        {
            if (Since is null)
            {
                Since = [.. subscription.Since ?? dispatched];
                Positions = [.. dispatched];
                _services.Subscriptions.AddOrReplace(ProductUtf8, new Subscription<LogSubscriber>(_filter, default, 0, null, this));
            }

            Volatile.Write(ref _members, [.. _members.Where(member => member.Session != session), new SharedMember(session, subscription)]);
        }

        OnMemberAttached(dispatched);
    }

    /// <summary>Removes a member; the last one ends the subscription, in a cluster on this node. The caller holds the dispatcher's gate.</summary>
    /// <returns>False when it has ended, or is about to.</returns>
    public bool Leave(Session session, long[] dispatched)
    {
        lock (Lock)
        {
            Volatile.Write(ref _members, [.. _members.Where(member => member.Session != session)]);
            _former.Add(session);
            if (_members.Length == 0)
            {
                _services.Subscriptions.Remove(ProductUtf8, _filter, this);
                if (_kept is null)
                {
                    Mode = SessionMode.Ended;
                }
                else
                {
                    BeginToEnd(dispatched);
                }

                return false;
            }
        }

        OnMemberDetached(dispatched);
        return true;
    }

    /// <summary>A member has a connection. The caller holds the dispatcher's gate.</summary>
    public void OnMemberAttached(long[] dispatched)
    {
        lock (Lock)
        {
            if (Mode == SessionMode.Detached && HasConnectedMember())
            {
                // What was committed while nobody was connected is not sent at QoS 0.
                _qosZeroFrom = [.. dispatched];
                Mode = SessionMode.Behind;
                StartReader();
            }

            Wake();
        }
    }

    /// <summary>A member has no connection any more. The caller holds the dispatcher's gate.</summary>
    public void OnMemberDetached(long[] dispatched)
    {
        lock (Lock)
        {
            if (Mode is (SessionMode.Live or SessionMode.Behind) && !HasConnectedMember())
            {
                Positions = Mode == SessionMode.Live ? [.. dispatched] : Positions;
                Mode = SessionMode.Detached;
            }

            Wake();
        }
    }

    /// <summary>Takes a message back that a lost member has not confirmed. The caller holds the dispatcher's gate.</summary>
    public void Return(LogPlace place, long[] dispatched)
    {
        lock (Lock)
        {
            _returned.AddLast(place);
            if (Mode == SessionMode.Live)
            {
                FallBehind(dispatched);
            }
        }
    }

    /// <summary>What a member asked for; without subscription identifiers when it is none any more.</summary>
    public DeliveryTerms TermsOf(Session session)
    {
        foreach (var member in Members)
        {
            if (member.Session == session)
            {
                return member.Terms;
            }
        }

        return new DeliveryTerms(QualityOfService.ExactlyOnce, noLocal: false, retainAsPublished: false, []);
    }

    public override void DeliverDirect(in PublishPacket packet, scoped ReadOnlySpan<byte> publisher, in DeliveryTerms terms, TouchedOutputs touched)
    {
        if (!ReadsTopic(packet.Topic))
        {
            return;
        }

        var members = Members;
        var turn = (uint)Interlocked.Increment(ref _turn);
        var isDropped = false;
        for (var index = 0u; index < members.Length; index++)
        {
            var member = members[(int)((turn + index) % (uint)members.Length)];
            if (member.Session.Connection is { } connection)
            {
                if (!connection.Output.IsClogged)
                {
                    member.Session.Sender.DeliverDirect(packet, publisher, member.Terms, touched);
                    return;
                }

                isDropped = true;
            }
        }

        if (isDropped)
        {
            _services.Metrics.QosZeroDropped.Add(1);
            _services.Refusals.Note("QoS 0 message", "subscriber does not read", $"to a shared subscription of {Product}.");
        }
    }

    public override SendResult TrySendRead(in RecordView view, in PublishRecord record, TouchedOutputs touched)
    {
        var isSettled = _assigned.Count > 0 && _assigned.Remove(new LogPlace(view.Partition, view.Offset));
        return isSettled || !_filter.Matches(record.Topic) || _services.IsTrimmed(Product, record)
            ? SendResult.Skipped
            : TrySend(new LogPlace(view.Partition, view.Offset), record, touched);
    }

    /// <summary>Sends a message to one member. The caller holds <see cref="LogSubscriber.Lock"/>.</summary>
    public SendResult TrySend(LogPlace place, in PublishRecord record, TouchedOutputs touched)
    {
        var members = _members;
        var turn = (uint)Interlocked.Increment(ref _turn);
        var (isUnfit, isBlocked) = (false, false);
        for (var index = 0u; index < members.Length; index++)
        {
            var member = members[(int)((turn + index) % (uint)members.Length)];
            lock (member.Session.Lock)
            {
                if (member.Session.Connection is null)
                {
                    continue;
                }

                var result = IsTooOld(place, record, member)
                    ? SendResult.TooLarge
                    : member.Session.Sender.TrySend(place.Partition, place.Offset, record, member.Terms, new DeliverySource(false, this), touched);
                switch (result)
                {
                    case SendResult.Blocked:
                        isBlocked = true;
                        break;
                    case SendResult.TooLarge:
                        isUnfit = true;
                        break;
                    default:
                        return result;
                }
            }
        }

        return isUnfit && !isBlocked ? SendResult.Skipped : SendResult.Blocked;
    }

    /// <summary>The oldest message that came back. The caller holds <see cref="LogSubscriber.Lock"/>.</summary>
    public bool TryPeekReturned(out LogPlace place)
    {
        for (var node = _returned.First; node is not null; node = node.Next)
        {
            if (Reads(node.Value.Partition))
            {
                place = node.Value;
                return true;
            }
        }

        place = default;
        return false;
    }

    /// <summary>A message that came back was dealt with. The caller holds <see cref="LogSubscriber.Lock"/>.</summary>
    public void RemoveReturned(LogPlace place) => _returned.Remove(place);

    /// <summary>Adds a member that the store remembers. Nothing runs yet.</summary>
    /// <param name="session">The member.</param>
    /// <param name="subscription">What it asked for.</param>
    /// <param name="since">The position at which the subscription had begun at the latest when it joined.</param>
    public void RestoreMember(Session session, Subscription<LogSubscriber> subscription, long[] since)
    {
        if (Since is null)
        {
            Since = since;
            _services.Subscriptions.AddOrReplace(ProductUtf8, new Subscription<LogSubscriber>(_filter, default, 0, null, this));
        }

        Since = [.. Since.Zip(since, Math.Min)];
        _members = [.. _members, new SharedMember(session, subscription)];
    }

    /// <summary>Takes up the position that the store remembers; without one, that of the last checkpoint.</summary>
    public void RestorePosition(StoredShare? stored, long[] mark)
    {
        // What is stored may be of one that had the same name and ended just before this one began.
        Positions = [.. (stored?.Positions ?? mark).Zip(Since!, Math.Max)];
        _stored = stored;
        foreach (var (partition, offset) in stored?.Unconfirmed ?? [])
        {
            if (offset >= Since![partition])
            {
                _returned.AddLast(new LogPlace(partition, offset));
            }
        }
    }

    /// <summary>The log says that a member was given a message at QoS 2: it stays with that member.</summary>
    public void RestoreAssigned(LogPlace place)
    {
        if (_kept is not null)
        {
            // In a cluster the row of the partition says so, and it may be another node's.
            return;
        }

        _returned.Remove(place);
        if (Mode != SessionMode.Ended && place.Offset >= Positions![place.Partition])
        {
            _assigned.Add(place);
        }
    }

    /// <summary>What the store should remember, if that has changed. The caller holds the dispatcher's gate.</summary>
    /// <param name="mark">The checkpoint's mark: it is enough for who has confirmed everything before it.</param>
    /// <param name="dispatched">The dispatcher's positions.</param>
    public StoredShare? TakeProgress(long[] mark, long[] dispatched)
    {
        lock (Lock)
        {
            var unconfirmed = CollectUnconfirmed();
            var markIsEnough = Mode == SessionMode.Ended
                || (Mode == SessionMode.Live && unconfirmed.All(place => place.Offset >= mark[place.Partition]));
            if (markIsEnough)
            {
                var removed = _stored is null ? null : new StoredShare(Product, FullFilter, [], []);
                _stored = null;
                return removed;
            }

            long[] positions = [.. Mode == SessionMode.Live ? dispatched : Positions!];
            if (_stored is { } stored && stored.Positions.SequenceEqual(positions) && stored.Unconfirmed.SequenceEqual(unconfirmed))
            {
                return null;
            }

            return _stored = new StoredShare(Product, FullFilter, positions, unconfirmed);
        }
    }

    /// <summary>What <see cref="TakeProgress"/> returned could not be stored.</summary>
    public void PutBack(StoredShare progress)
    {
        lock (Lock)
        {
            // Neither what is there nor nothing: it is written again.
            _stored = progress with { Positions = [] };
        }
    }

    protected override SendResult TrySendLive(in RecordView view, in PublishRecord record, in DeliveryTerms terms, TouchedOutputs touched)
        => Reads(view.Partition) ? TrySend(new LogPlace(view.Partition, view.Offset), record, touched) : SendResult.Skipped;

    protected override void StartReader()
    {
        Reader = new SharedReader(_services, this);
        _ = Task.Run(Reader.RunAsync);
    }

    private bool HasConnectedMember() => Array.Exists(_members, member => member.Session.Connection is not null);

    private bool IsTooOld(LogPlace place, in PublishRecord record, SharedMember member)
        => _qosZeroFrom is { } from && place.Offset < from[place.Partition]
            && (record.QualityOfService == 0 || member.Terms.QualityOfService == QualityOfService.AtMostOnce);

    /// <summary>What would be lost if the process ended now: QoS 1 that is not confirmed, QoS 2 that is not recorded, and what waits to be sent again.</summary>
    private List<(int Partition, long Offset)> CollectUnconfirmed()
    {
        var result = new List<(int, long)>();
        foreach (var member in _members)
        {
            member.Session.CollectUnconfirmed(this, result);
        }

        _former.RemoveAll(session => !session.CollectUnconfirmed(this, result));
        result.AddRange(_returned.Select(place => (place.Partition, place.Offset)));
        result.Sort();
        return result;
    }
}

/// <summary>A record's place in the log.</summary>
internal readonly record struct LogPlace(int Partition, long Offset);
