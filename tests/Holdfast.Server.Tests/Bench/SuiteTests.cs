using System.Diagnostics;
using Holdfast.Server.Bench.Suite;

namespace Holdfast.Server.Tests.Bench;

public sealed class SuiteTests
{
    private static readonly Dictionary<string, double> Others = new() { [SuiteBroker.Mosquitto] = 100 };

    [Theory]
    [InlineData(6, false, SuiteBroker.Mosquitto, 600.0, true)]
    [InlineData(6, false, SuiteBroker.Mosquitto, 599.0, false)]
    [InlineData(1.3, true, SuiteBroker.Mosquitto, 130.0, true)]
    [InlineData(1.3, true, SuiteBroker.Mosquitto, 131.0, false)]
    [InlineData(15, true, null, 15.0, true)]
    [InlineData(15, true, null, 15.1, false)]
    [InlineData(6, false, SuiteBroker.Nats, 600.0, null)]
    [InlineData(15, true, null, null, null)]
    public void A_goal_is_met_missed_or_not_measured(double bound, bool isAtMost, string? broker, double? own, bool? expected)
        => Assert.Equal(expected, new SuiteGoal(bound, isAtMost, broker).IsMet(own, Others));

    [Fact]
    public void The_table_shows_medians_ranges_ratios_and_what_went_wrong()
    {
        SuiteRow row = SuiteRow.All.Single(row => row.Name == "one");
        SuiteRunResult[] runs =
        [
            new("one", SuiteBroker.Holdfast, 1, BenchReportTests.Rate(500), null), new("one", SuiteBroker.Holdfast, 2, BenchReportTests.Rate(900), null),
            new("one", SuiteBroker.Mosquitto, 1, BenchReportTests.Rate(100) with { Warnings = ["beware"] }, null), new("one", SuiteBroker.Mosquitto, 2, BenchReportTests.Rate(100), null),
            new("one", SuiteBroker.Nats, 1, null, "it is ill"),
        ];
        string[] brokers = [SuiteBroker.Holdfast, SuiteBroker.Mosquitto, SuiteBroker.Nats];
        IReadOnlyList<SuiteLine> lines = SuiteTable.Make([row], brokers, runs);
        Assert.Equal(["delivered/s", "broker CPU for each"], lines.Select(line => line.Figure));
        string table = SuiteTable.Format(new SuiteResult(default, "a machine", 10, 2, [.. brokers.Select(broker => new SuiteBrokerResult(broker, broker + " 1"))], lines, runs));
        Assert.Contains(
            "| 1 → 1, QoS 0 | delivered/s | 700 (500 – 900) | 100 | - | 7.0 × Mosquitto (≥ 12 ×: **not met**); ≥ 1 × NATS: not measured |",
            table, StringComparison.Ordinal);
        Assert.Contains("- one, mosquitto, round 1: beware", table, StringComparison.Ordinal);
        Assert.Contains("- one, nats-server, round 1: failed: it is ill", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_suite_starts_the_brokers_measures_and_leaves_nothing_behind()
    {
        string directory = Directory.CreateTempSubdirectory().FullName;
        string output = Path.Combine(directory, "result");
        string work = Directory.CreateDirectory(Path.Combine(directory, "work")).FullName;
        string[] arguments =
        [
            "bench", "suite", "--only", "one,tls-one,websocket-one", "--brokers", "holdfast,mosquitto", "--seconds", "0.3", "--warmup", "0.1", "--rounds", "1", "--directory", work, "--output", output,
        ];

        // The suite starts its own program as the broker, so it has to be that program.
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "holdfast"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process suite = Process.Start(start)!;
        Task<string> error = suite.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string printed = await suite.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await suite.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(suite.ExitCode == 0, await error + printed);
        Assert.Contains("one, mosquitto, round 1: ", await error, StringComparison.Ordinal);
        Assert.Contains(" × 1 → 1, QoS 0 (≥ 0.6 ×: ", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("error: ", printed, StringComparison.Ordinal);
        Assert.Equal(printed, await File.ReadAllTextAsync(output + ".md", TestContext.Current.CancellationToken));
        Assert.Contains("\"runs\":[{\"row\":\"one\",\"broker\":\"holdfast\"", await File.ReadAllTextAsync(output + ".json", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(work));
        Directory.Delete(directory, recursive: true);
    }
}
