using System.Text.Json;

namespace Holdfast.Server.Drill.Lab;

/// <summary>Who is what in the database cluster, as Patroni's <c>/cluster</c> tells it.</summary>
/// <param name="Primary">The primary's machine, or null.</param>
/// <param name="Synchronous">The synchronous standbys' machines.</param>
/// <param name="Asynchronous">The other standbys' machines.</param>
/// <param name="Lagging">Members that do not run or do not stream.</param>
internal sealed record DatabaseRoles(string? Primary, IReadOnlyList<string> Synchronous, IReadOnlyList<string> Asynchronous, IReadOnlyList<string> Lagging)
{
    private static readonly string[] Running = ["running", "streaming"];

    /// <summary>Whether there is a primary with a synchronous standby, and every member follows.</summary>
    /// <param name="members">How many there should be.</param>
    public bool IsHealthy(int members) => Primary is not null && Synchronous.Count > 0 && Lagging.Count == 0 && 1 + Synchronous.Count + Asynchronous.Count == members;

    /// <summary>In words.</summary>
    public override string ToString()
        => $"primary {Primary ?? "none"}, synchronous {List(Synchronous)}, asynchronous {List(Asynchronous)}, not running or not streaming {List(Lagging)}";

    /// <summary>Reads the answer of <c>/cluster</c>.</summary>
    /// <param name="cluster">The answer.</param>
    public static DatabaseRoles Read(JsonElement cluster)
    {
        string? primary = null;
        List<string> synchronous = [], asynchronous = [], lagging = [];
        foreach (JsonElement member in cluster.GetProperty("members").EnumerateArray())
        {
            string name = member.GetProperty("name").GetString()!;
            switch (member.GetProperty("role").GetString())
            {
                case "leader":
                    primary = name;
                    break;
                case "sync_standby":
                    synchronous.Add(name);
                    break;
                default:
                    asynchronous.Add(name);
                    break;
            }

            // A standby without a number for its lag does not follow the primary.
            bool follows = name == primary || (member.TryGetProperty("lag", out JsonElement lag) && lag.ValueKind == JsonValueKind.Number);
            if (!follows || !Running.Contains(member.GetProperty("state").GetString()))
            {
                lagging.Add(name);
            }
        }

        return new DatabaseRoles(primary, synchronous, asynchronous, lagging);
    }

    private static string List(IReadOnlyList<string> names) => names.Count == 0 ? "none" : string.Join(" and ", names);
}
