using Holdfast.Broker.Sessions;
using Holdfast.Log.Partitions;
using Holdfast.Log.State;

namespace Holdfast.Broker.SharedSubscriptions;

/// <content>In a cluster: the partitions of the log that this node reads for the share. Other nodes with members read the others (docs/adr/0010-shared-subscriptions-in-a-cluster.md).</content>
internal sealed partial class SharedSubscription
{
    /// <summary>Null on one machine, which reads all.</summary>
    private readonly KeptPartitions? _kept;

    /// <summary>Whether the last member here has left; it ends when all partitions are given up.</summary>
    private bool _isEnding;

    public override bool Reads(int partition) => _kept is null || _kept.IsSent(partition);

    public LocalShare ToLocal()
    {
        lock (Lock)
        {
            var members = Array.FindAll(_members, member => member.Session.Connection is not null).Length;
            return new LocalShare(Product, FullFilter, Hash, members, _kept!.Sending, _kept.Stopped) { Since = Since!, Subscription = this };
        }
    }

    /// <summary>Sends a partition from its row's position on. The caller holds the dispatcher's gate.</summary>
    /// <returns>False when the last member here has left.</returns>
    public bool Take(StoredSharePartition part, long[] dispatched)
    {
        lock (Lock)
        {
            if (_isEnding)
            {
                return false;
            }

            // Replaced, so that the reader that runs does not go on with what it has read of the partition before.
            var reads = Mode is SessionMode.Live or SessionMode.Behind;
            Positions = Mode == SessionMode.Live ? [.. dispatched] : Positions;
            Positions![part.Partition] = part.Position;
            _kept!.Take(part);
            foreach (var offset in part.Unconfirmed)
            {
                _returned.AddLast(new LogPlace(part.Partition, offset));
            }

            _assigned.UnionWith(part.HandedOut.Select(offset => new LogPlace(part.Partition, offset)));
            if (reads)
            {
                Mode = SessionMode.Behind;
                StartReader();
            }

            return true;
        }
    }

    /// <summary>Sends nothing more of a partition. The caller holds the dispatcher's gate.</summary>
    public void Stop(int partition, long[] dispatched)
    {
        lock (Lock)
        {
            _kept!.Stop(partition, (Mode == SessionMode.Live ? dispatched : Positions!)[partition]);
            if (Mode == SessionMode.Behind)
            {
                StartReader();
            }
        }
    }

    /// <summary>Gives a stopped partition up. The caller holds the dispatcher's gate.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="atOnce">Not to wait for confirmations.</param>
    /// <returns>Null while a packet identifier is being committed, or a confirmation is waited for.</returns>
    public StoredSharePartition? TryGiveUp(int partition, bool atOnce)
    {
        lock (Lock)
        {
            Session[] sessions = [.. _members.Select(member => member.Session), .. _former];
            if (Array.Exists(sessions, session => session.HasUnconfirmed(this, partition, onlyUnrecorded: atOnce)))
            {
                return null;
            }

            var unconfirmed = sessions.SelectMany(session => session.TakeUnconfirmedShared(this, partition)).Select(one => one.Place.Offset)
                .Concat(_returned.Where(place => place.Partition == partition).Select(place => place.Offset)).Order().ToArray();
            foreach (var place in _returned.Where(place => place.Partition == partition).ToList())
            {
                _returned.Remove(place);
            }

            var part = new StoredSharePartition(Product, FullFilter, partition, _kept!.Position(partition, Positions ?? []), unconfirmed, HandedOut(partition));
            _assigned.RemoveWhere(place => place.Partition == partition);
            _kept.GiveUp(partition);
            EndWhenNothingIsLeft();
            return part;
        }
    }

    /// <summary>How far the kept partitions are, where that has changed. The caller holds the dispatcher's gate.</summary>
    public List<StoredSharePartition> TakePartProgress(long[] dispatched)
    {
        lock (Lock)
        {
            var unconfirmed = CollectUnconfirmed().ToLookup(place => place.Partition, place => place.Offset);
            var reading = Mode == SessionMode.Live ? dispatched : Positions!;
            return
            [
                .. _kept!.All
                    .Select(partition => new StoredSharePartition(
                        Product, FullFilter, partition, _kept.Position(partition, reading), [.. unconfirmed[partition]], HandedOut(partition)))
                    .Where(_kept.TryStore),
            ];
        }
    }

    /// <summary>They could not be stored.</summary>
    public void PutBackParts(IEnumerable<int> partitions)
    {
        lock (Lock)
        {
            foreach (var partition in partitions)
            {
                _kept!.PutBack(partition);
            }
        }
    }

    /// <summary>The last member here has left. What is on its way to former members is still confirmed or comes back. The caller holds the dispatcher's gate and <see cref="LogSubscriber.Lock"/>.</summary>
    private void BeginToEnd(long[] dispatched)
    {
        _isEnding = true;
        foreach (var partition in _kept!.Sending)
        {
            _kept.Stop(partition, (Mode == SessionMode.Live ? dispatched : Positions!)[partition]);
        }

        Positions = Mode == SessionMode.Live ? [.. dispatched] : Positions;
        Mode = SessionMode.Detached;
        EndWhenNothingIsLeft();
    }

    private void EndWhenNothingIsLeft()
    {
        if (_isEnding && _kept!.IsEmpty)
        {
            Mode = SessionMode.Ended;
        }
    }

    private long[] HandedOut(int partition) => [.. _assigned.Where(place => place.Partition == partition).Select(place => place.Offset).Order()];

    /// <summary>A QoS 0 message that is not logged goes to one member too: that of the node which reads its partition.</summary>
    private bool ReadsTopic(ReadOnlySpan<byte> topic)
        => _kept is null || Reads(Partitioning.PartitionOf(Partitioning.KeyHash(ProductUtf8, Partitioning.KeyOf(topic)), _services.Log.PartitionCount));
}
