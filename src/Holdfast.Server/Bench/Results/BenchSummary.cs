using Holdfast.Mqtt;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;

namespace Holdfast.Server.Bench.Results;

/// <summary>Makes figures of samples.</summary>
internal static class BenchSummary
{
    /// <summary>Fewer samples than this show no trend: the first half of a run is settling, and a garbage collection looks like one.</summary>
    private const int FewestSamplesForTrend = 60;

    /// <summary>The result of a run; what only the scenario knows is left open.</summary>
    /// <param name="options">The task.</param>
    /// <param name="unit">What is counted.</param>
    /// <param name="measurement">The samples.</param>
    /// <param name="errors">What went wrong.</param>
    public static BenchResult Of(BenchOptions options, string unit, BenchMeasurement measurement, BenchErrors errors)
    {
        (BenchSample start, BenchSample end) = (measurement.Start, measurement.End);
        long count = end.Counts.Done - start.Counts.Done;
        SecondResult[] series = [.. measurement.Samples.Zip(measurement.Samples.Skip(1), (from, to) => SecondOf(start, from, to))];
        return new BenchResult
        {
            Scenario = BenchScenarios.NameOf(options.Scenario),
            Broker = $"{options.Host}:{options.Port}",
            Mqtt = options.Version == ProtocolVersion.Mqtt5 ? "5" : "3.1.1",
            Seconds = Round(measurement.Seconds),
            Unit = unit,
            Count = count,
            PerSecond = Math.Round(count / measurement.Seconds),
            WorstSecond = series.Length == 0 ? null : series.Min(second => second.PerSecond),
            WorstSecondP99 = series.Max(second => second.Latency?.P99),
            Published = end.Counts.Published - start.Counts.Published,
            Acknowledged = end.Counts.Acknowledged - start.Counts.Acknowledged,
            Delivered = end.Counts.Delivered - start.Counts.Delivered,
            Latency = LatencyOf(end.Latency.Since(start.Latency)),
            BrokerProcess = ProcessOf(measurement, count),
            Data = DataOf(measurement),
            Generator = new GeneratorResult(
                Each(end.GeneratorCpu - start.GeneratorCpu, count),
                Cores(end.GeneratorCpu - start.GeneratorCpu, measurement.Seconds)!.Value,
                Cores(end.OtherCpuSince(start), measurement.Seconds)),
            Errors = errors.ToList(),
            Series = series,
        };
    }

    /// <summary>The figures of a histogram; null when it is empty.</summary>
    /// <param name="histogram">The histogram.</param>
    public static LatencyResult? LatencyOf(LatencyHistogram histogram) => histogram.Count == 0
        ? null
        : new LatencyResult(
            Milliseconds(histogram.Percentile(0.5)), Milliseconds(histogram.Percentile(0.99)), Milliseconds(histogram.Percentile(0.999)), Milliseconds(histogram.Maximum));

    /// <summary>Milliseconds, to the microsecond.</summary>
    /// <param name="time">A time.</param>
    public static double Milliseconds(TimeSpan time) => Round(time.TotalMilliseconds);

    /// <summary>A number with three decimals.</summary>
    /// <param name="number">The number.</param>
    public static double Round(double number) => Math.Round(number, 3);

    /// <summary>Jain's index: 1 when all values are the same, 1/n when one has everything; null when there is nothing to share.</summary>
    /// <param name="values">The values, none below zero.</param>
    public static double? FairnessOf(IReadOnlyCollection<double> values)
    {
        double squares = values.Sum(value => value * value);
        return squares > 0 ? Round(Math.Pow(values.Sum(), 2) / (values.Count * squares)) : null;
    }

    /// <summary>CPU time a second; null when the time is not known.</summary>
    /// <param name="cpu">CPU time.</param>
    /// <param name="seconds">Seconds.</param>
    public static double? Cores(TimeSpan? cpu, double seconds) => cpu is { } time ? Round(time.TotalSeconds / seconds) : null;

    /// <summary>The slope of a value over the second half of a run by least squares, a minute; null when the run is too short.</summary>
    /// <param name="measurement">The samples.</param>
    /// <param name="valueOf">The value.</param>
    public static double? TrendOf(BenchMeasurement measurement, Func<BenchSample, double?> valueOf)
    {
        (double Minute, double Value)[] points =
        [
            .. measurement.Samples.Skip(measurement.Samples.Count / 2).Where(sample => valueOf(sample) is not null)
                .Select(sample => (sample.SecondsSince(measurement.Start) / 60, valueOf(sample)!.Value)),
        ];
        if (measurement.Samples.Count < FewestSamplesForTrend || points.Length < 2)
        {
            return null;
        }

        (double minute, double value) = (points.Average(point => point.Minute), points.Average(point => point.Value));
        return Math.Round(points.Sum(point => (point.Minute - minute) * (point.Value - value)) / points.Sum(point => Math.Pow(point.Minute - minute, 2)));
    }

    private static double? Each(TimeSpan cpu, long count) => count > 0 ? Round(cpu.TotalMicroseconds / count) : null;

    private static SecondResult SecondOf(BenchSample start, BenchSample from, BenchSample to)
    {
        double seconds = to.SecondsSince(from);
        return new SecondResult(
            Round(to.SecondsSince(start)),
            Math.Round((to.Counts.Done - from.Counts.Done) / seconds),
            LatencyOf(to.Latency.Since(from.Latency)),
            Cores(to.BrokerCpuSince(from), seconds),
            to.Broker?.ResidentBytes,
            Cores(to.GeneratorCpu - from.GeneratorCpu, seconds)!.Value,
            Cores(to.OtherCpuSince(from), seconds),
            to.Data?.Bytes,
            to.Data?.Files);
    }

    private static ProcessResult? ProcessOf(BenchMeasurement measurement, long count)
    {
        (BenchSample start, BenchSample end) = (measurement.Start, measurement.End);
        return start.Broker is { } before && end.Broker is { } after
            ? new ProcessResult(
                Each(after.Cpu - before.Cpu, count), Cores(after.Cpu - before.Cpu, measurement.Seconds)!.Value,
                before.ResidentBytes, after.ResidentBytes, measurement.Samples.Append(end).Max(sample => sample.Broker?.ResidentBytes ?? 0),
                TrendOf(measurement, sample => sample.Broker?.ResidentBytes),
                before.Threads, after.Threads, measurement.OpenFilesAtStart, measurement.OpenFilesAtEnd)
            : null;
    }

    private static DataResult? DataOf(BenchMeasurement measurement)
        => measurement.Start.Data is { } before && measurement.End.Data is { } after
            ? new DataResult(
                before.Bytes, after.Bytes, measurement.Samples.Append(measurement.End).Max(sample => sample.Data?.Bytes ?? 0), TrendOf(measurement, sample => sample.Data?.Bytes),
                before.Files, after.Files, measurement.Samples.Append(measurement.End).Max(sample => sample.Data?.Files ?? 0))
            : null;
}
