using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres;

namespace Holdfast.Cluster.Ownership;

/// <summary>What a node should claim and let go, from what it hears of the others. Neither threads nor the database: the keeper carries it out. For one caller at a time.</summary>
internal sealed class OwnershipDecision(ClusterTimes times, NodeId self, NodeHearing hearing, OwnerTable owners, DatabaseReach reach, Func<bool> isReady, TimeProvider time)
{
    private readonly long _startedAt = time.GetTimestamp();
    private readonly (long Epoch, long Since)[] _unsaid = new (long, long)[owners.PartitionCount];

    /// <summary>Since when this node is cut off from the database and another is not.</summary>
    private long? _aloneSince;

    /// <summary>Decides.</summary>
    /// <param name="servedSince">For each partition, since when this node serves it, as a time stamp of the clock; 0 when it does not.</param>
    /// <param name="epochOf">The epoch under which this node owns a partition; 0 when it knows that it does not.</param>
    public OwnershipChanges Decide(ReadOnlySpan<long> servedSince, Func<int, long> epochOf)
    {
        var alive = Alive();
        var plan = OwnershipPlan.Make(alive.ConvertAll(node => node.Name), servedSince.Length);
        var toClaim = new List<int>();
        var toLetGo = new List<(int, NodeId?)>();
        for (var partition = 0; partition < plan.Length; partition++)
        {
            var falls = alive[plan[partition]];
            var isServed = servedSince[partition] != 0;
            if (isServed && IsTaken(partition, epochOf(partition)))
            {
                toLetGo.Add((partition, null));
            }
            else if (falls == self && !isServed && _aloneSince is null && MayBeClaimed(owners.OwnerOf(partition)))
            {
                toClaim.Add(partition);
            }
            else if (falls != self && isServed && time.GetElapsedTime(servedSince[partition]) >= times.Tenure)
            {
                toLetGo.Add((partition, falls));
            }
        }

        return new OwnershipChanges(toClaim, toLetGo);
    }

    /// <summary>
    /// Whether the head that the database shows leaves a partition free to be claimed. The decision to claim may be old by now, because heads are read when the database answers: an owner that was silent
    /// then is asked for again. A live node that has moved the epoch since it was heard of as owner is perhaps about to serve it. But it may also have
    /// let it go meanwhile, or have failed to take it; so it has only as long to say so as a silent owner has.
    /// </summary>
    public bool IsFree(PartitionHead head)
    {
        if (!MayBeClaimed(owners.OwnerOf(head.Partition)))
        {
            return false;
        }

        if (head.Epoch <= owners.EpochOf(head.Partition) || !NodeId.TryParse(head.Owner, out var owner) || owner == self || !(hearing.SilenceOf(owner) < times.Silence))
        {
            return true;
        }

        if (_unsaid[head.Partition].Epoch != head.Epoch)
        {
            _unsaid[head.Partition] = (head.Epoch, time.GetTimestamp());
        }

        return time.GetElapsedTime(_unsaid[head.Partition].Since) >= times.Silence;
    }

    /// <summary>
    /// Partitions that this node serves, and of which the database names another owner. One that was cut off from everybody may have claimed them and died unheard: then nothing tells but the database, as
    /// long as nobody appends.
    /// </summary>
    /// <param name="heads">What the database shows.</param>
    /// <param name="servedSince">See <see cref="Decide"/>.</param>
    /// <param name="epochOf">See <see cref="Decide"/>.</param>
    public List<int> FindTaken(IReadOnlyList<PartitionHead> heads, ReadOnlySpan<long> servedSince, Func<int, long> epochOf)
    {
        var taken = new List<int>();
        foreach (var head in heads)
        {
            if (servedSince[head.Partition] != 0 && head.Owner != self.ToString() && head.Epoch > epochOf(head.Partition))
            {
                taken.Add(head.Partition);
            }
        }

        return taken;
    }

    /// <summary>
    /// Another owner has claimed what this node believes to own. Its appends would tell, but nobody sends it any; and who believes to own what falls to it does not claim it.
    /// </summary>
    private bool IsTaken(int partition, long epoch) => epoch == 0 || owners.EpochOf(partition) > epoch;

    /// <summary>The nodes among which partitions are shared, in the same order on every node. Of two lives of a node only the later counts.</summary>
    private List<NodeId> Alive()
    {
        var others = hearing.Alive(times.Silence).Where(heartbeat => !heartbeat.IsLeaving && heartbeat.From.Name != self.Name).ToList();
        var ready = others.Where(heartbeat => heartbeat is { IsReady: true, IsCut: false }).Select(heartbeat => heartbeat.From).ToList();
        _aloneSince = reach.IsCut && ready.Count > 0 ? _aloneSince ?? time.GetTimestamp() : null;
        var isAlone = _aloneSince is { } since && time.GetElapsedTime(since) >= DatabaseReach.AloneAfter;
        if (isReady() && (ready.Count > 0 ? !isAlone : !reach.IsCut))
        {
            ready.Add(self);
        }

        // A node that starts is slow, and one that is cut off cannot commit, so it takes nothing that another can serve. When there is no other, somebody must.
        return [.. (ready.Count > 0 ? ready : others.Select(heartbeat => heartbeat.From).Append(self))
            .GroupBy(node => node.Name).Select(lives => lives.MaxBy(life => life.Generation)!).OrderBy(node => node.Name, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Nobody serves the partition: it was let go, or its owner is silent, or says that it cannot reach the database, which this node can. At the start an owner may only not have been heard yet.
    /// </summary>
    private bool MayBeClaimed(NodeId? owner)
        => owner is null
            ? time.GetElapsedTime(_startedAt) >= times.Silence
            : hearing.SilenceOf(owner) is not { } silence || silence >= times.Silence || (hearing.IsCut(owner) && reach.IsSteady);
}

/// <summary>What a node should do about its ownership.</summary>
/// <param name="ToClaim">Partitions that fall to it and that nobody serves.</param>
/// <param name="ToLetGo">Partitions that it has served for long enough and that fall to another node; with no node, those that another has taken already.</param>
internal sealed record OwnershipChanges(List<int> ToClaim, List<(int Partition, NodeId? FallsTo)> ToLetGo);
