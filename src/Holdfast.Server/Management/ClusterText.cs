using System.Text;
using System.Text.Json;

namespace Holdfast.Server.Management;

/// <summary>The API's cluster report in words.</summary>
internal static class ClusterText
{
    private static readonly (string Title, string Property)[] Columns =
        [("NODE", "name"), ("ZONE", "zone"), ("STATE", "state"), ("PARTITIONS", "partitions"), ("CONNECTIONS", "connections")];

    /// <summary>Whether a single failure could lose acknowledged events, beyond what a single machine's disk always means.</summary>
    /// <param name="report">The report.</param>
    public static bool MayLose(JsonElement report)
        => report.GetProperty("kind").GetString() == "cluster" && report.GetProperty("risks").EnumerateArray().Any(risk => risk.GetProperty("losesEvents").GetBoolean());

    /// <summary>What <c>doctor</c> says.</summary>
    /// <param name="report">The report.</param>
    public static string Diagnosis(JsonElement report)
    {
        var text = new StringBuilder();
        JsonElement durability = report.GetProperty("durability");
        text.AppendLine($"Acknowledged means: {durability.GetProperty("meaning").GetString()}");
        foreach (JsonElement standby in durability.GetProperty("standbys").EnumerateArray())
        {
            text.AppendLine($"  standby {standby.GetProperty("name").GetString()} {standby.GetProperty("address").GetString()} {standby.GetProperty("state").GetString()}".TrimEnd());
        }

        int unserved = report.GetProperty("partitions").EnumerateArray().Count(partition => partition.GetProperty("owner").ValueKind == JsonValueKind.Null);
        text.AppendLine().AppendLine(Nodes(report));
        if (unserved > 0)
        {
            text.AppendLine($"{unserved} partitions are served by nobody now.");
        }

        text.AppendLine().AppendLine("The next single failure:");
        JsonElement risks = report.GetProperty("risks");
        foreach (JsonElement risk in risks.EnumerateArray())
        {
            string kind = risk.GetProperty("losesEvents").GetBoolean() ? "LOSES EVENTS" : risk.GetProperty("stops").GetBoolean() ? "stops" : "noted";
            text.AppendLine($"  [{kind}] if {risk.GetProperty("failure").GetString()}: {risk.GetProperty("consequence").GetString()}");
        }

        if (risks.GetArrayLength() == 0)
        {
            text.AppendLine("  nothing acknowledged is lost and publishing goes on.");
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>The nodes as a table.</summary>
    /// <param name="report">The report.</param>
    public static string Nodes(JsonElement report)
    {
        string[][] rows = [[.. Columns.Select(column => column.Title)], .. report.GetProperty("nodes").EnumerateArray().Select(Row)];
        return TextTable.Format(rows);
    }

    private static string[] Row(JsonElement node) => [.. Columns.Select(column => node.GetProperty(column.Property).ToString() is { Length: > 0 } text ? text : "-")];
}
