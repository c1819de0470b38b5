using System.Diagnostics;

namespace Holdfast.Server.Bench.Measuring;

/// <summary>Everything that is counted, at one moment.</summary>
/// <param name="At">The <see cref="Stopwatch"/> timestamp.</param>
/// <param name="Counts">What the scenario has counted since it began.</param>
/// <param name="Latency">Its latencies since it began.</param>
/// <param name="GeneratorCpu">CPU time of this process.</param>
/// <param name="MachineCpu">CPU time of all processes; null when it is not known.</param>
/// <param name="Broker">The broker's process; null when it is not known.</param>
/// <param name="Data">The broker's data directory; null when it is not known.</param>
internal sealed record BenchSample(
    long At, BenchCounts Counts, LatencyHistogram Latency, TimeSpan GeneratorCpu, TimeSpan? MachineCpu, ProcessUsage? Broker, DirectoryUsage? Data)
{
    /// <summary>Takes a sample.</summary>
    /// <param name="options">What to watch beside the scenario.</param>
    /// <param name="source">The scenario.</param>
    public static BenchSample Take(BenchOptions options, IBenchSource source) => new(
        Stopwatch.GetTimestamp(),
        source.Count(),
        source.CollectLatency(),
        Environment.CpuUsage.TotalTime,
        MachineUsage.ReadBusy(),
        options.BrokerProcessId is { } id ? ProcessUsage.Read(id) : null,
        options.DataDirectory is { } path ? DirectoryUsage.Read(path) : null);

    /// <summary>Seconds since an earlier sample.</summary>
    /// <param name="earlier">The earlier.</param>
    public double SecondsSince(BenchSample earlier) => Stopwatch.GetElapsedTime(earlier.At, At).TotalSeconds;

    /// <summary>CPU time of the broker since an earlier sample.</summary>
    /// <param name="earlier">The earlier.</param>
    public TimeSpan? BrokerCpuSince(BenchSample earlier) => Broker?.Cpu - earlier.Broker?.Cpu;

    /// <summary>CPU time since an earlier sample of processes that are neither the broker nor this one; null when not all is known.</summary>
    /// <param name="earlier">The earlier.</param>
    public TimeSpan? OtherCpuSince(BenchSample earlier)
        => MachineCpu - earlier.MachineCpu - BrokerCpuSince(earlier) - (GeneratorCpu - earlier.GeneratorCpu) is { } other
            ? (other > TimeSpan.Zero ? other : TimeSpan.Zero)
            : null;
}

/// <summary>What a scenario has counted since it began.</summary>
/// <param name="Done">What its rate is made of: messages delivered or acknowledged, connections made.</param>
/// <param name="Published">Messages published.</param>
/// <param name="Acknowledged">Messages acknowledged.</param>
/// <param name="Delivered">Messages delivered.</param>
internal readonly record struct BenchCounts(long Done, long Published = 0, long Acknowledged = 0, long Delivered = 0);

/// <summary>A running scenario, as the recorder sees it.</summary>
internal interface IBenchSource
{
    /// <summary>What it has counted since it began.</summary>
    BenchCounts Count();

    /// <summary>A new histogram of its latencies since it began.</summary>
    LatencyHistogram CollectLatency();
}
