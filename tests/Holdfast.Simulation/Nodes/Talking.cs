using Holdfast.Cluster.Peers;
using Holdfast.Log.Batches;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>Heartbeats, as Heartbeats and ClusterNode send and hear them, and the push of committed batches.</summary>
internal sealed class Talking(Life life)
{
    private readonly HashSet<NodeId> _talking = [];

    public async Task RunAsync()
    {
        while (true)
        {
            TellNow();
            await life.DelayAsync(life.World.Times.HeartbeatInterval).ConfigureAwait(false);
        }
    }

    /// <summary>Tells everybody who has answered the last one.</summary>
    public void TellNow()
    {
        Hear(Say());
        foreach (var node in Others().Where(_talking.Add))
        {
            life.Run(() => TellAsync(node));
        }
    }

    /// <summary>Sends a committed batch to the others, or does not: who misses one reads it.</summary>
    public void Push(RecordBatch batch)
    {
        var (partition, baseOffset, count, received, body) = (batch.Partition, batch.BaseOffset, batch.Count, batch.LastReceivedAtMilliseconds, batch.Body.ToArray());
        var pushed = new StoredBatch(0, life.Name, partition, baseOffset, count, 0, 0, received, body);
        foreach (var node in Others())
        {
            life.World.Network.Tell(life, node, other => other.Delivering.Receive(pushed));
        }
    }

    private IEnumerable<NodeId> Others() => life.World.Known.Where(node => node.Name != life.Id.Name);

    private Heartbeat Say() => new(life.Id, "", life.Owning.Owned(), IsLeaving: false, IsReady: true, 0, []) { IsCut = life.Reach.IsCut };

    private void Hear(Heartbeat heartbeat)
    {
        if (heartbeat.From != life.Id)
        {
            life.Hearing.Hear(heartbeat);
        }

        life.Owners.Hear(heartbeat.From, heartbeat.Owned);
        foreach (var owned in heartbeat.Owned)
        {
            life.Delivering.Hear(owned.Partition, owned.CommittedOffset);
        }
    }

    private async Task TellAsync(NodeId node)
    {
        var heartbeat = Say();
        _ = await life.World.Network.AskAsync(life, node, other =>
        {
            other.Talking.Hear(heartbeat);
            return Task.FromResult(new HeartbeatAnswer(other.Id));
        }).ConfigureAwait(false);
        _talking.Remove(node);
    }
}
