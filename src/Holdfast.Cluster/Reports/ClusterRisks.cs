using Holdfast.Broker.Reports;

namespace Holdfast.Cluster.Reports;

/// <summary>What the next single failure would cost. Pure.</summary>
internal static class ClusterRisks
{
    /// <summary>The failures that would stop or lose something; none when any one of them is survived.</summary>
    public static IReadOnlyList<RiskReport> Of(DurabilityReport durability, IReadOnlyList<NodeReport> nodes)
    {
        var risks = new List<RiskReport>();
        var serving = nodes.Where(node => node.State == "serving").ToList();
        if (serving.Count < 2)
        {
            risks.Add(new RiskReport("this node dies", "No other node serves: publishing stops until one is started.", LosesEvents: false, Stops: true));
        }
        else if (serving.TrueForAll(node => node.Zone == serving[0].Zone))
        {
            risks.Add(new RiskReport($"the zone {(serving[0].Zone.Length == 0 ? "of all nodes" : serving[0].Zone)} fails", "All nodes are there: publishing stops.", LosesEvents: false, Stops: true));
        }

        var synchronous = durability.Standbys.Count(standby => standby.State is "sync" or "quorum");
        var candidates = durability.Standbys.Count(standby => standby.State is "sync" or "quorum" or "potential" or "async");
        switch (durability.Level)
        {
            case "asynchronous":
                risks.Add(new RiskReport("the database's primary dies", "Acknowledged events that no standby has yet are lost.", LosesEvents: true, Stops: candidates == 0));
                break;
            case "synchronous" when synchronous == 0:
                risks.Add(new RiskReport("none is needed", "There is no synchronous standby: nothing is acknowledged now.", LosesEvents: false, Stops: true));
                break;
            case "synchronous" when candidates < 2:
                risks.Add(new RiskReport("a database machine dies", "Only two hold every event: without a synchronous standby nothing is acknowledged until another standby is attached.", LosesEvents: false, Stops: true));
                break;
            case "unknown":
                risks.Add(new RiskReport("none is needed", "The database does not answer: nothing is acknowledged now.", LosesEvents: false, Stops: true));
                break;
        }

        return risks;
    }
}
