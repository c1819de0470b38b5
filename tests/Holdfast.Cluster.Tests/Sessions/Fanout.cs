using System.Collections.Immutable;
using Holdfast.Log.Batches;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>Takes what the owner has committed to all nodes, in order.</summary>
internal sealed class Fanout : ICommittedGroupHandler
{
    private ImmutableList<TestNode> _nodes = [];

    public void Add(TestNode node) => ImmutableInterlocked.Update(ref _nodes, nodes => nodes.Add(node));

    public void Remove(TestNode node) => ImmutableInterlocked.Update(ref _nodes, nodes => nodes.Remove(node));

    public void OnGroup(CommittedGroup group)
    {
        var nodes = _nodes;

        // The observers are of any of the nodes, so all of them stand still meanwhile.
        nodes.Aggregate((Action)group.Complete, (complete, node) => () => node.Sink.Complete(group.Status, complete))();
        foreach (var batch in group.Batches)
        {
            foreach (var node in nodes.Where(node => !node.IsDeaf))
            {
                Deliver(node, batch);
            }
        }
    }

    public void OnFatal(Exception exception) => Environment.FailFast("The owner's log failed.", exception);

    private static void Deliver(TestNode node, RecordBatch batch)
    {
        node.Log.Announce(batch.Partition, batch.NextOffset);
        while (!node.Sink.TryDeliver(batch))
        {
            // It was deaf, or has started meanwhile.
            var next = node.Sink.AnnouncedOffset(batch.Partition);
            using LogRead read = node.Log.ReadAsync(batch.Partition, next, null, int.MaxValue, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            foreach (var missing in read.Batches)
            {
                node.Sink.TryDeliver(missing);
            }
        }
    }
}
