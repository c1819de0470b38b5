using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Shares;

/// <summary>Which partitions of shared subscriptions should be taken and stopped here, from what this node hears of the others. Neither threads nor the database. For one caller at a time.</summary>
internal sealed class ShareDecision(ClusterTimes times, NodeId self, NodeHearing hearing, int partitionCount, TimeProvider time)
{
    private readonly Dictionary<(ulong Share, int Partition), long> _keptSince = [];

    /// <summary>Decides about one share.</summary>
    /// <param name="share">The share as it is here.</param>
    /// <param name="isLeaving">This node shuts down.</param>
    public ShareChanges Decide(LocalShare share, bool isLeaving)
    {
        var members = isLeaving ? 0 : share.Members;
        var nodes = Nodes(share.Hash, members);
        var plan = SharePlan.Make(share.Hash, nodes, partitionCount);
        var toTake = new List<int>();
        var toStop = new List<int>();
        for (var partition = 0; partition < partitionCount; partition++)
        {
            var isWanted = members > 0 && nodes[plan[partition]].Name == self.Name;
            var isKept = share.Sending.Contains(partition);
            if (isWanted && !isKept && !share.Stopped.Contains(partition))
            {
                toTake.Add(partition);
            }
            else if (isKept && !isWanted && (members == 0 || IsLongKept(share.Hash, partition)))
            {
                toStop.Add(partition);
            }
        }

        return new ShareChanges(toTake, toStop);
    }

    /// <summary>A partition is kept here from now on.</summary>
    public void OnTaken(ulong share, int partition) => _keptSince[(share, partition)] = time.GetTimestamp();

    /// <summary>A partition was given up.</summary>
    public void OnGivenUp(ulong share, int partition) => _keptSince.Remove((share, partition));

    private bool IsLongKept(ulong share, int partition)
        => !_keptSince.TryGetValue((share, partition), out var since) || time.GetElapsedTime(since) >= times.Tenure;

    /// <summary>The nodes with connected members, in the order of their names. Of two lives of a node only the later counts.</summary>
    private List<(string Name, int Members)> Nodes(ulong share, int ownMembers) =>
    [
        .. hearing.Alive(times.Silence)
            .Where(heartbeat => !heartbeat.IsLeaving && heartbeat.From.Name != self.Name)
            .GroupBy(heartbeat => heartbeat.From.Name)
            .Select(lives => lives.MaxBy(life => life.From.Generation)!)
            .Select(life => (life.From.Name, Members: Array.Find(life.Shares ?? [], one => one.Share == share).Count))
            .Append((self.Name, Members: ownMembers))
            .Where(node => node.Members > 0)
            .OrderBy(node => node.Name, StringComparer.Ordinal),
    ];
}

/// <summary>What a node should do about a share.</summary>
/// <param name="ToTake">Partitions that fall to it and that it does not keep.</param>
/// <param name="ToStop">Partitions that it sends and that fall to another node, or that nobody here can take messages of.</param>
internal sealed record ShareChanges(List<int> ToTake, List<int> ToStop);
