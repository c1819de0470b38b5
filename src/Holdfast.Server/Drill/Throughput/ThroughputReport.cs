using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Holdfast.Server.Drill.Throughput;

/// <summary>What was measured of one cluster.</summary>
/// <param name="Name">The cluster.</param>
/// <param name="PerSecond">QoS 1 publishes acknowledged, or sessions taken over, a second: the round in the middle.</param>
/// <param name="Rounds">Of each round.</param>
/// <param name="LatencyP50Milliseconds">Of the round in the middle; null without figures.</param>
/// <param name="LatencyP99Milliseconds">Of the round in the middle; null without figures.</param>
/// <param name="Errors">What went wrong, in words.</param>
internal sealed record ClusterThroughput(
    string Name, double PerSecond, IReadOnlyList<double> Rounds, double? LatencyP50Milliseconds, double? LatencyP99Milliseconds, IReadOnlyList<string> Errors);

/// <summary>Two clusters beside each other.</summary>
/// <param name="Holdfast">Three nodes, a primary and a synchronous standby.</param>
/// <param name="Nats">Three servers, three replicas.</param>
/// <param name="TakeOver">Sessions of Holdfast that are taken over by the next node, again and again.</param>
internal sealed record ThroughputReport(ClusterThroughput Holdfast, ClusterThroughput Nats, ClusterThroughput TakeOver)
{
    /// <summary>How many times Holdfast is to take what NATS takes.</summary>
    public const double Goal = 3;

    /// <summary>How many times it does.</summary>
    public double Times => Nats.PerSecond > 0 ? Math.Round(Holdfast.PerSecond / Nats.PerSecond, 2) : 0;

    /// <summary>What is not as it should be, or null.</summary>
    public string? Problem => Holdfast.Errors.Count + Nats.Errors.Count + TakeOver.Errors.Count > 0 ? string.Join("; ", [.. Holdfast.Errors, .. Nats.Errors, .. TakeOver.Errors])
        : Times < Goal ? string.Create(CultureInfo.InvariantCulture, $"{Times} times is less than the goal of {Goal}")
        : null;

    /// <summary>As a table.</summary>
    public string Format()
    {
        var text = new StringBuilder();
        text.AppendLine("| cluster | QoS 1 ingest, acknowledged/s | rounds | latency p50 | latency p99 |");
        text.AppendLine("|---|---|---|---|---|");
        foreach (ClusterThroughput cluster in new[] { Holdfast, Nats })
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {cluster.Name} | {cluster.PerSecond:#,0} | {string.Join(", ", cluster.Rounds.Select(round => round.ToString("#,0", CultureInfo.InvariantCulture)))} | {cluster.LatencyP50Milliseconds:0.0} ms | {cluster.LatencyP99Milliseconds:0.0} ms |");
        }

        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Times} × (goal: {Goal} ×)");
        text.Append(CultureInfo.InvariantCulture, $"{TakeOver.Name}: {TakeOver.PerSecond:#,0}/s, p50 {TakeOver.LatencyP50Milliseconds:0.0} ms, p99 {TakeOver.LatencyP99Milliseconds:0.0} ms");
        return text.ToString();
    }
}

/// <summary>JSON of this folder's records.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(ThroughputReport))]
internal sealed partial class ThroughputJson : JsonSerializerContext;
