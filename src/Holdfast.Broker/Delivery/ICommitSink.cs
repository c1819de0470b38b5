using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;

namespace Holdfast.Broker.Delivery;

/// <summary>Takes what a cluster has committed, and what became of this node's appends. Calls may come from any thread; one is served at a time.</summary>
public interface ICommitSink
{
    /// <summary>The offset up to which a partition's records were delivered on this node.</summary>
    /// <param name="partition">The partition.</param>
    long AnnouncedOffset(int partition);

    /// <summary>Runs completions of this node's appends where they are expected: before anybody can see the world behind them, and sends what they wrote.</summary>
    /// <param name="status">What became of the appends.</param>
    /// <param name="complete">Tells the observers. It must not block.</param>
    void Complete(AppendStatus status, Action complete);

    /// <summary>Delivers a committed batch to the subscribers of this node.</summary>
    /// <param name="batch">The batch; its reference ends with the call.</param>
    /// <returns>False when batches before it are missing: nothing was delivered.</returns>
    bool TryDeliver(RecordBatch batch);

    /// <summary>Goes past committed records that no filter of this node matches, as another node says. They stay in the log.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">The first of them.</param>
    /// <param name="to">The offset after the last.</param>
    /// <param name="version">Which version of this node's filters the other has judged by (<see cref="IDirectRelay.NeededVersion"/>).</param>
    /// <returns>False when records before them are missing, or there are filters by now that the other did not know: nothing was passed.</returns>
    bool TryPass(int partition, long from, long to, long version);

    /// <summary>Writes QoS 0 messages of another node to the subscribers of this one that read.</summary>
    /// <param name="records">Encoded publish records, one after the other.</param>
    void RouteDirect(ReadOnlySpan<byte> records);

    /// <summary>Records of a partition are gone; delivery goes on behind them.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The first offset that can still be delivered.</param>
    void SkipTo(int partition, long offset);
}
