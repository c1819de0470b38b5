using Holdfast.Broker.Delivery;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Batches;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Fanout;

/// <summary>Takes what this node has committed as an owner: to its own subscribers, to whoever waits for the commit, and to the other nodes.</summary>
internal sealed class CommitFanout(IClusterLog log, IPeers peers, CatchUp catchUp, DirectRelay relay, DatabaseReach reach, Action<Exception> onFatal)
    : ICommittedGroupHandler, IAsyncDisposable
{
    private readonly PeerMap<PeerFeed> _feeds = new(other => new PeerFeed(peers.Self, peers.Get(other), onFatal) { Node = other });

    /// <summary>Bytes of records that were given to the feeds towards other nodes.</summary>
    public long OfferedBytes => _feeds.All.Sum(feed => feed.OfferedBytes);

    /// <summary>The partitions of this process.</summary>
    public GroupCommitter? Committer { get; set; }

    /// <summary>The subscribers of this node, once they are there.</summary>
    public ICommitSink? Sink { get; set; }

    /// <summary>The other nodes have changed.</summary>
    public void FollowPeers() => _feeds.Follow(peers.Others);

    /// <inheritdoc/>
    public void OnGroup(CommittedGroup group)
    {
        if (group.Status == AppendStatus.Fenced)
        {
            DisownLost();
        }
        else if (group.Status == AppendStatus.Appended && group.Batches.Count > 0)
        {
            reach.Note();
        }

        // First to this node's subscribers: a publisher of this node that hears of the commit finds its message folded in.
        foreach (var batch in group.Batches)
        {
            if (Sink is { } sink && !sink.TryDeliver(batch))
            {
                catchUp.Notice(batch.Partition, batch.NextOffset);
            }
        }

        group.Complete();
        foreach (var batch in group.Batches)
        {
            Offer(batch);
        }
    }

    /// <inheritdoc/>
    public void OnFatal(Exception exception) => onFatal(exception);

    /// <summary>Another owner has committed batches.</summary>
    public void Receive(PushedBatches pushed)
    {
        if (Sink is not { } sink)
        {
            return;
        }

        foreach (var one in pushed.Batches)
        {
            if (one.JudgedBy != 0)
            {
                Pass(sink, one);
                continue;
            }

            var buffer = BatchBuffers.Rent(one.Body.Length);
            one.Body.CopyTo(buffer, 0);
            var batch = new RecordBatch(one.Partition, one.BaseOffset, 0, one.Count, one.LastReceivedAtMilliseconds, buffer, one.Body.Length);
            log.Announce(one.Partition, batch.NextOffset);
            log.Remember(batch);
            if (!sink.TryDeliver(batch))
            {
                catchUp.Notice(one.Partition, batch.NextOffset);
            }

            batch.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _feeds.DisposeAsync();

    /// <summary>Tells the other nodes of a batch that was committed here: the records those whom they concern, the others the offsets.</summary>
    internal void Offer(RecordBatch batch)
    {
        var notConcerned = relay.NotConcernedBy(batch);
        foreach (var feed in _feeds.All)
        {
            var judged = notConcerned.Find(one => one.Node == feed.Node);
            if (judged.Version > 0)
            {
                feed.OfferOffsets(batch, judged.Version);
            }
            else
            {
                feed.Offer(batch);
            }
        }
    }

    private void Pass(ICommitSink sink, PushedBatch one)
    {
        var next = one.BaseOffset + one.Count;
        log.Announce(one.Partition, next);
        if (!sink.TryPass(one.Partition, one.BaseOffset, next, one.JudgedBy))
        {
            catchUp.Notice(one.Partition, next);
        }
    }

    private void DisownLost()
    {
        for (var partition = 0; partition < log.PartitionCount; partition++)
        {
            if (!log.IsOwned(partition))
            {
                Committer!.Disown(partition);
            }
        }
    }
}
