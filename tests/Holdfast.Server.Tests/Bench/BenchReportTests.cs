using Holdfast.Server.Bench;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Tests.Bench;

public sealed class BenchReportTests
{
    [Fact]
    public void A_comparison_divides_the_medians_of_the_first_by_those_of_the_second()
    {
        BenchComparison comparison = BenchComparison.Of(
            [Rate(100), Rate(9000), Rate(300)],
            [Rate(100), Rate(50), Rate(200)]);
        ComparedFigure rate = comparison.Figures.Single(figure => figure.Title == "each second");
        Assert.Equal((300, 100, 3), (rate.A, rate.B, rate.Ratio));
        string text = BenchReport.Format(comparison);
        Assert.Contains("delivered/s", text, StringComparison.Ordinal);
        Assert.Contains("3 x", text, StringComparison.Ordinal);
        Assert.Contains("b: 100, 9,000, 300", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_an_even_number_of_rounds_the_median_lies_in_the_middle()
        => Assert.Equal(250, BenchFigure.Find("each second").MedianOf([Rate(100), Rate(400), Rate(200), Rate(300)]));

    [Fact]
    public void Without_figures_there_is_no_ratio()
    {
        BenchComparison comparison = BenchComparison.Of([Rate(5)], [Rate(0)]);
        Assert.All(comparison.Figures, figure => Assert.True(figure.Ratio is null || figure.B > 0));
        Assert.DoesNotContain(comparison.Figures, figure => figure.Title == "broker CPU for each");
        Assert.NotEmpty(BenchReport.Format(comparison));
    }

    [Fact]
    public void A_report_fits_eighty_columns_and_tells_errors_and_warnings()
    {
        BenchResult result = Rate(1_234_567) with
        {
            Publishers = 100, Qos = 1, PayloadBytes = 100, Window = 100, Latency = new LatencyResult(0.5, 12.34, 123.4, 1234.5), Missing = 3,
            BrokerProcess = new ProcessResult(0.812, 0.9, 1, 2_500_000, 3_500_000_000, -1500, 1, 2, 3, 4), Errors = [new BenchError("PubAck: QuotaExceeded", 12)], Warnings = ["beware"],
        };
        string text = BenchReport.Format(result);
        Assert.Contains("delivered/s", text, StringComparison.Ordinal);
        Assert.Contains("1,235 k\n", text, StringComparison.Ordinal);
        Assert.Contains("12.3 ms\n", text, StringComparison.Ordinal);
        Assert.Contains("1,235 ms\n", text, StringComparison.Ordinal);
        Assert.Contains("0.81 µs\n", text, StringComparison.Ordinal);
        Assert.Contains("3.5 GB\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\n\nerror: 12 x PubAck: QuotaExceeded\nwarning: beware", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void The_worst_second_is_the_slowest_and_the_total_counts_all()
    {
        var options = new BenchOptions { Scenario = BenchScenario.One };
        LatencyHistogram before = Latencies();
        LatencyHistogram middle = Latencies(1);
        LatencyHistogram after = Latencies(1, 50);
        BenchSample[] samples = [Sample(0, 10, before), Sample(1, 110, middle), Sample(3, 130, after)];
        BenchResult result = BenchSummary.Of(options, "delivered", new BenchMeasurement(samples[0], samples[^1], samples), new BenchErrors());
        Assert.Equal((3, 120, 40, 10), (result.Seconds, result.Count, result.PerSecond, result.WorstSecond));
        Assert.Equal([100.0, 10.0], result.Series.Select(second => second.PerSecond));
        Assert.InRange(result.WorstSecondP99!.Value, 50, 51);
        Assert.InRange(result.Series[0].Latency!.P99, 1, 1.02);
    }

    [Fact]
    public void A_trend_is_the_slope_of_the_second_half()
    {
        BenchSample[] samples = [.. Enumerable.Range(0, 121).Select(second => Sample(second, 0, Latencies()) with { Data = new DirectoryUsage(second < 60 ? 1_000_000 - second : 500 + (10 * second), 1) })];
        Assert.Equal(600, BenchSummary.TrendOf(new BenchMeasurement(samples[0], samples[^1], samples), sample => sample.Data?.Bytes));
        Assert.Null(BenchSummary.TrendOf(new BenchMeasurement(samples[0], samples[50], samples[..50]), sample => sample.Data?.Bytes));
        Assert.Null(BenchSummary.TrendOf(new BenchMeasurement(samples[0], samples[^1], samples), sample => sample.Broker?.ResidentBytes));
    }

    [Theory]
    [InlineData(1.9, 0.1, 0.0, null, "the generator was short of CPU")]
    [InlineData(1.0, 0.9, 0.0, null, "the generator was short of CPU")]
    [InlineData(0.5, 1.4, 0.0, null, null)]
    [InlineData(0.2, 0.2, 0.5, null, "the machine was busy: other processes used 0.5 of 2 cores")]
    [InlineData(0.1, 0.1, 0.0, 5.5, "the generator was late: 1 % of its messages went out more than 5.5 ms after their time")]
    [InlineData(0.1, 0.1, 0.0, 0.5, null)]
    public void Figures_to_be_taken_with_care_are_marked(double generator, double broker, double others, double? late, string? warning)
    {
        BenchResult result = Rate(1) with
        {
            Generator = new GeneratorResult(1, generator, others, late, late), BrokerProcess = new ProcessResult(1, broker, 1, 1, 1, null, 1, 1, 1, 1),
        };
        IReadOnlyList<string> warnings = BenchWarnings.Of(result, cores: 2);
        if (warning is null)
        {
            Assert.Empty(warnings);
        }
        else
        {
            Assert.StartsWith(warning, Assert.Single(warnings), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_run_that_counted_nothing_says_so() => Assert.Equal("nothing was counted", Assert.Single(BenchWarnings.Of(Rate(0) with { Count = 0 }, cores: 2)));

    internal static BenchResult Rate(double perSecond) => new()
    {
        Scenario = "one", Broker = "b", Mqtt = "5", Unit = "delivered", Count = 1, PerSecond = perSecond, Seconds = 1, Publishers = 1, Subscribers = 1,
        Generator = new GeneratorResult(1, 0.1, 0),
    };

    private static LatencyHistogram Latencies(params double[] milliseconds)
    {
        var histogram = new LatencyHistogram();
        Array.ForEach(milliseconds, latency => histogram.Record(TimeSpan.FromMilliseconds(latency)));
        return histogram;
    }

    private static BenchSample Sample(double second, long done, LatencyHistogram latency)
        => new((long)(second * System.Diagnostics.Stopwatch.Frequency), new BenchCounts(done), latency, TimeSpan.FromSeconds(second / 2), null, null, null);
}
