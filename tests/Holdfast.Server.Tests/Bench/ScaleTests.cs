using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;
using Holdfast.Server.Bench.Growth;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.Bench.Scale;
using Holdfast.Server.Bench.Suite;

namespace Holdfast.Server.Tests.Bench;

/// <summary>The commands that measure large amounts and growth, with small ones.</summary>
public sealed class ScaleTests
{
    [Fact]
    public async Task Every_part_of_the_scale_is_measured_and_nothing_is_left_behind()
    {
        string table = await RunAsync(
            "scale", "--only", "subscriptions,retained,log", "--filters", "2000", "--topics", "300", "--events", "5000", "--log-bytes", "1MB", "--seconds", "0.1");
        Assert.Contains("| 1,000 filters | RSS for each", table, StringComparison.Ordinal);
        Assert.Contains("| 300 retained messages | stored/s", table, StringComparison.Ordinal);
        Assert.Contains("| 5,000 events of 10,000 devices in the log | stored/s", table, StringComparison.Ordinal);
        Assert.Contains("catch-up of a session", table, StringComparison.Ordinal);
        Assert.Contains("| ready after SIGKILL |", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_curve_is_measured_point_by_point_and_plotted()
    {
        string output = Path.Combine(Directory.CreateTempSubdirectory().FullName, "curves");
        string table = await RunAsync("growth", "--only", "payload", "--limit", "64", "--seconds", "0.1", "--output", output);
        Assert.Contains("\n| 64 | ", table, StringComparison.Ordinal);
        JsonElement curve = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(output, "growth.json"), TestContext.Current.CancellationToken)).GetProperty("curves")[0];
        Assert.Equal([16, 64], curve.GetProperty("points").EnumerateArray().Select(point => point.GetProperty("quantity").GetInt32()));
        Assert.True(curve.GetProperty("points")[1].GetProperty("values")[0].GetDouble() > 0);
        Assert.Equal("svg", XDocument.Load(Path.Combine(output, "payload.svg")).Root!.Name.LocalName);
        Directory.Delete(Path.GetDirectoryName(output)!, recursive: true);
    }

    [Fact]
    public void A_plot_has_a_panel_for_each_measure_and_leaves_out_what_was_not_measured()
    {
        var curve = new GrowthCurve("a", "things <n>", ["messages/s", "CPU"], [new GrowthPoint(1, [10, null]), new GrowthPoint(100, [1000, 3]), new GrowthPoint(10_000, [2000, 4])]);
        XNamespace svg = "http://www.w3.org/2000/svg";
        XElement drawing = XDocument.Parse(GrowthPlot.Draw(curve)).Root!;
        double[][] points =
        [
            .. drawing.Elements(svg + "polyline").Select(line => line.Attribute("points")!.Value.Split(' ').Select(point => double.Parse(point.Split(',')[0])).ToArray()),
        ];
        Assert.Equal([3, 2], points.Select(line => line.Length));

        // The axis is logarithmic: a hundred lies in the middle between one and ten thousand.
        Assert.Equal((points[0][0] + points[0][2]) / 2, points[0][1], 0.2);
        Assert.Contains(drawing.Elements(svg + "text"), text => text.Value == "things <n>");
    }

    [Fact]
    public void A_line_tells_whether_its_goal_is_met()
    {
        ScaleLine[] lines =
        [
            ScaleLine.Of("a", "ready", 0.5, BenchFigure.Milliseconds, new SuiteGoal(1, true)), ScaleLine.Of("a", "each second", 5, BenchFigure.Count, new SuiteGoal(6, false)),
            ScaleLine.Of("b", "RSS", 5, BenchFigure.Bytes),
        ];
        Assert.EndsWith("| a | ready | 0.5 ms | ≤ 1 ms: met |\n|  | each second | 5 | ≥ 6: **not met** |\n| b | RSS | 5 B |  |", ScaleLine.Format(lines), StringComparison.Ordinal);
    }

    // These start their own program as the broker, so they have to be that program.
    private static async Task<string> RunAsync(params string[] arguments)
    {
        string work = Directory.CreateTempSubdirectory().FullName;
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "holdfast"), ["bench", .. arguments, "--directory", work])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process program = Process.Start(start)!;
        Task<string> error = program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string printed = await program.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(program.ExitCode == 0, await error + printed);
        Assert.Empty(Directory.EnumerateFileSystemEntries(work));
        Directory.Delete(work);
        return printed;
    }

    [Theory]
    [InlineData(7_700_000, "0", "2M", "4M", "6M")]
    [InlineData(3.67, "0", "1", "2", "3")]
    [InlineData(367, "0", "100", "200", "300")]
    public void The_steps_of_an_axis_are_round_and_as_many_as_one_can_read(double most, params string[] ticks)
    {
        var curve = new GrowthCurve("c", "things", ["y"], [new GrowthPoint(1, [most / 2]), new GrowthPoint(10, [most])]);
        IEnumerable<string> drawn = XDocument.Parse(GrowthPlot.Draw(curve)).Root!.Elements().Where(element => (string?)element.Attribute("text-anchor") == "end").Select(element => element.Value);
        Assert.Equal(ticks, drawn);
    }
}
