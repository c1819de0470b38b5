using System.Text.Json.Serialization;

namespace Holdfast.Server.Bench;

/// <summary>What a run measured.</summary>
internal sealed record BenchResult
{
    /// <summary>The scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>The broker, host:port.</summary>
    public required string Broker { get; init; }

    /// <summary>Quality of service.</summary>
    public required int Qos { get; init; }

    /// <summary>Bytes of a payload.</summary>
    public required int PayloadBytes { get; init; }

    /// <summary>Most messages without acknowledgement of each publisher.</summary>
    public required int Window { get; init; }

    /// <summary>Publishing connections.</summary>
    public required int Publishers { get; init; }

    /// <summary>Subscribing connections.</summary>
    public required int Subscribers { get; init; }

    /// <summary>The measured time.</summary>
    public required double Seconds { get; init; }

    /// <summary>Messages published in it.</summary>
    public required long Published { get; init; }

    /// <summary>Messages acknowledged in it.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Messages delivered in it, to all subscribers together.</summary>
    public required long Delivered { get; init; }

    /// <summary>Delivered messages a second; without subscribers, acknowledged ones.</summary>
    public required double MessagesPerSecond { get; init; }

    /// <summary>The same of the worst second.</summary>
    public required double WorstSecond { get; init; }

    /// <summary>From sending to delivery, without subscribers to acknowledgement; null when neither is measured.</summary>
    public LatencyResult? Latency { get; init; }

    /// <summary>CPU time of the broker for each message, in microseconds; null without its process.</summary>
    public double? BrokerCpuMicrosecondsPerMessage { get; init; }

    /// <summary>Resident memory of the broker at the end; null without its process.</summary>
    public long? BrokerResidentBytes { get; init; }

    /// <summary>The most resident memory the broker ever had; null without its process.</summary>
    public long? BrokerPeakResidentBytes { get; init; }

    /// <summary>CPU time of the load generator for each message, in microseconds.</summary>
    public required double GeneratorCpuMicrosecondsPerMessage { get; init; }

    /// <summary>Connections that ended before the end.</summary>
    public required int ConnectionsLost { get; init; }

    /// <summary>Why the first of them ended.</summary>
    public string? FirstFailure { get; init; }
}

/// <summary>Latencies in milliseconds.</summary>
/// <param name="P50">Half are not above.</param>
/// <param name="P99">99 % are not above.</param>
/// <param name="P999">99.9 % are not above.</param>
/// <param name="Maximum">None is above.</param>
internal sealed record LatencyResult(double P50, double P99, double P999, double Maximum)
{
    /// <summary>The figures of a histogram; null when it is empty.</summary>
    /// <param name="histogram">The histogram.</param>
    public static LatencyResult? Of(LatencyHistogram histogram) => histogram.Count == 0
        ? null
        : new LatencyResult(
            Round(histogram.Percentile(0.5)), Round(histogram.Percentile(0.99)), Round(histogram.Percentile(0.999)), Round(histogram.Maximum));

    private static double Round(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}

/// <summary>JSON of this folder's records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BenchResult))]
[JsonSerializable(typeof(BenchComparison))]
internal sealed partial class BenchJson : JsonSerializerContext;
