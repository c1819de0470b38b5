using Holdfast.Server.Bench.Connections;

namespace Holdfast.Server.Bench.Results;

/// <summary>What a run measured. Times in milliseconds, sizes in bytes, unless the name says otherwise.</summary>
internal sealed record BenchResult
{
    /// <summary>The scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>The broker, host:port.</summary>
    public required string Broker { get; init; }

    /// <summary>The protocol: 3.1.1 or 5.</summary>
    public required string Mqtt { get; init; }

    /// <summary>Quality of service; null where it is mixed or there is none.</summary>
    public int? Qos { get; init; }

    /// <summary>Bytes of a payload; null where sizes are mixed or there is none.</summary>
    public int? PayloadBytes { get; init; }

    /// <summary>Most messages without acknowledgement of each publisher; null without publishers.</summary>
    public int? Window { get; init; }

    /// <summary>Messages a second that were intended; null when as many as possible.</summary>
    public int? Rate { get; init; }

    /// <summary>Publishing connections.</summary>
    public int Publishers { get; init; }

    /// <summary>Subscribing connections.</summary>
    public int Subscribers { get; init; }

    /// <summary>Connections that neither publish nor subscribe, or come and go.</summary>
    public int Connections { get; init; }

    /// <summary>The measured time, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>What is counted: messages delivered, messages acknowledged, connects.</summary>
    public required string Unit { get; init; }

    /// <summary>How many of the unit were counted in the measured time.</summary>
    public required long Count { get; init; }

    /// <summary>The same a second.</summary>
    public required double PerSecond { get; init; }

    /// <summary>The same in the second with the fewest; null where the scenario has no steady rate.</summary>
    public double? WorstSecond { get; init; }

    /// <summary>The 99th percentile of the latency in the second where it was highest.</summary>
    public double? WorstSecondP99 { get; init; }

    /// <summary>Messages published in the measured time.</summary>
    public long Published { get; init; }

    /// <summary>Messages acknowledged in it.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Messages delivered in it, to all subscribers together.</summary>
    public long Delivered { get; init; }

    /// <summary>Messages above QoS 0 of the whole run that never arrived, or were never acknowledged, although they were waited for; null when there are none to wait for.</summary>
    public long? Missing { get; init; }

    /// <summary>Messages at QoS 0 of the whole run that never arrived, as MQTT allows; null when there are none to wait for.</summary>
    public long? LostAtQosZero { get; init; }

    /// <summary>What the unit's latency is measured from and to; null when none is.</summary>
    public LatencyResult? Latency { get; init; }

    /// <summary>The broker's process; null when it is not known.</summary>
    public ProcessResult? BrokerProcess { get; init; }

    /// <summary>The broker's data directory; null when it is not known.</summary>
    public DataResult? Data { get; init; }

    /// <summary>This process, and others on the machine.</summary>
    public required GeneratorResult Generator { get; init; }

    /// <summary>Of idle connections.</summary>
    public IdleResult? Idle { get; init; }

    /// <summary>Of sessions that came back.</summary>
    public ReconnectResult? Reconnect { get; init; }

    /// <summary>Of retained messages.</summary>
    public RetainedResult? Retained { get; init; }

    /// <summary>Of a shared subscription.</summary>
    public SharedResult? Shared { get; init; }

    /// <summary>What went wrong, the most frequent first.</summary>
    public IReadOnlyList<BenchError> Errors { get; init; } = [];

    /// <summary>Why the figures are to be taken with care.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The run second by second.</summary>
    public IReadOnlyList<SecondResult> Series { get; init; } = [];
}

/// <summary>A broker's process during a run.</summary>
/// <param name="CpuMicrosecondsEach">CPU time for each of the unit; null when nothing was counted.</param>
/// <param name="CpuCores">CPU time a second.</param>
/// <param name="ResidentAtStart">Resident memory when measuring began.</param>
/// <param name="ResidentAtEnd">Resident memory at the end.</param>
/// <param name="ResidentPeak">The most of the samples.</param>
/// <param name="ResidentTrend">The slope of the resident memory over the second half of the run, in bytes a minute; null when the run is too short for one.</param>
/// <param name="ThreadsAtStart">Threads when measuring began.</param>
/// <param name="ThreadsAtEnd">Threads at the end.</param>
/// <param name="OpenFilesAtStart">Open files when measuring began; null when they may not be read.</param>
/// <param name="OpenFilesAtEnd">Open files at the end.</param>
internal sealed record ProcessResult(
    double? CpuMicrosecondsEach, double CpuCores, long ResidentAtStart, long ResidentAtEnd, long ResidentPeak, double? ResidentTrend, int ThreadsAtStart, int ThreadsAtEnd,
    int? OpenFilesAtStart, int? OpenFilesAtEnd);

/// <summary>A broker's data directory during a run.</summary>
/// <param name="BytesAtStart">Bytes when measuring began.</param>
/// <param name="BytesAtEnd">Bytes at the end.</param>
/// <param name="BytesPeak">The most of the samples.</param>
/// <param name="BytesTrend">The slope over the second half of the run, in bytes a minute; null when the run is too short for one.</param>
/// <param name="FilesAtStart">Files when measuring began.</param>
/// <param name="FilesAtEnd">Files at the end.</param>
/// <param name="FilesPeak">The most of the samples.</param>
internal sealed record DataResult(long BytesAtStart, long BytesAtEnd, long BytesPeak, double? BytesTrend, int FilesAtStart, int FilesAtEnd, int FilesPeak);

/// <summary>The load generator during a run.</summary>
/// <param name="CpuMicrosecondsEach">CPU time for each of the unit; null when nothing was counted.</param>
/// <param name="CpuCores">CPU time a second.</param>
/// <param name="OtherCpuCores">CPU time a second of processes that are neither the broker nor this one; null without the broker's process.</param>
/// <param name="LateP99">With a rate: 99 % of the messages were handed over at most so late, in milliseconds.</param>
/// <param name="LateMaximum">With a rate: the latest.</param>
internal sealed record GeneratorResult(double? CpuMicrosecondsEach, double CpuCores, double? OtherCpuCores, double? LateP99 = null, double? LateMaximum = null);

/// <summary>Idle connections.</summary>
/// <param name="ResidentBytesEach">The broker's memory at the end less that before, for each connection; null without its process.</param>
/// <param name="BrokerCpuCores">The broker's CPU time a second while all were idle; null without its process.</param>
internal sealed record IdleResult(double? ResidentBytesEach, double? BrokerCpuCores);

/// <summary>Sessions that came back all at once.</summary>
/// <param name="Waiting">Messages that waited for each.</param>
/// <param name="ConnectedSeconds">From the start to the last CONNACK.</param>
/// <param name="DrainedSeconds">From the start to the last message that had waited.</param>
/// <param name="Fairness">Jain's index of the clients' rates: 1 when all were served alike, 1/n when one got everything; null when none was served.</param>
internal sealed record ReconnectResult(int Waiting, double ConnectedSeconds, double DrainedSeconds, double? Fairness);

/// <summary>Retained messages.</summary>
/// <param name="Topics">Topics with a retained message.</param>
/// <param name="StoredPerSecond">Retained messages published and acknowledged a second, before the measured time.</param>
/// <param name="Retrievals">Complete retrievals of all of them.</param>
internal sealed record RetainedResult(int Topics, double StoredPerSecond, long Retrievals);

/// <summary>A shared subscription.</summary>
/// <param name="LeastShare">The share of the member that got the least, from 0 to 1.</param>
/// <param name="LargestShare">The share of the member that got the most.</param>
/// <param name="Fairness">Jain's index of the members' messages: 1 when all got the same; null when nothing was delivered.</param>
internal sealed record SharedResult(double LeastShare, double LargestShare, double? Fairness);

/// <summary>Latencies in milliseconds.</summary>
/// <param name="P50">Half are not above.</param>
/// <param name="P99">99 % are not above.</param>
/// <param name="P999">99.9 % are not above.</param>
/// <param name="Maximum">None is above.</param>
internal sealed record LatencyResult(double P50, double P99, double P999, double Maximum);

/// <summary>One second of a run.</summary>
/// <param name="At">Its end, in seconds from the start.</param>
/// <param name="PerSecond">How many of the unit a second.</param>
/// <param name="Latency">Its latencies; null without any.</param>
/// <param name="BrokerCpuCores">The broker's CPU time a second.</param>
/// <param name="BrokerResidentBytes">The broker's resident memory.</param>
/// <param name="GeneratorCpuCores">This process's CPU time a second.</param>
/// <param name="OtherCpuCores">The CPU time a second of all other processes.</param>
/// <param name="DataBytes">Bytes in the data directory.</param>
/// <param name="DataFiles">Files in the data directory.</param>
internal sealed record SecondResult(
    double At, double PerSecond, LatencyResult? Latency, double? BrokerCpuCores, long? BrokerResidentBytes, double GeneratorCpuCores, double? OtherCpuCores,
    long? DataBytes, int? DataFiles);
