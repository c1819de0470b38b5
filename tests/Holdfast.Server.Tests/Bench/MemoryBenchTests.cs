using System.Text.Json;

namespace Holdfast.Server.Tests.Bench;

/// <summary>The memory loads, a thousandth of each.</summary>
public sealed class MemoryBenchTests(HoldfastBroker holdfast) : IClassFixture<HoldfastBroker>
{
    [Fact]
    public async Task Every_load_is_made_measured_and_undone()
    {
        using var terminal = new TestTerminal();
        Assert.True(
            await terminal.RunAsync("bench", "memory", "-p", holdfast.Port, "--pid", holdfast.ProcessId, "--scale", "0.002", "--seconds", "0.1", "--json") == 0, terminal.Error + terminal.Output);

        var figures = JsonElement.Parse(terminal.Output).GetProperty("figures").EnumerateArray().ToList();

        Assert.Equal([30, 2, 2, 2, 2, 2, 2, 2000, 2000, 2], figures.Select(figure => figure.GetProperty("count").GetInt32()));
        Assert.All(figures, figure => Assert.True(figure.GetProperty("residentPeak").GetInt64() >= figure.GetProperty("residentAfter").GetInt64() && figure.GetProperty("residentAfter").GetInt64() > 1_000_000));
    }

    [Fact]
    public async Task A_load_that_is_not_known_is_named()
    {
        using var terminal = new TestTerminal();

        Assert.NotEqual(0, await terminal.RunAsync("bench", "memory", "idel", "--pid", "1"));

        Assert.Contains("idel", terminal.Error, StringComparison.Ordinal);
    }
}
