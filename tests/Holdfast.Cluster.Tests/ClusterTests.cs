using System.Diagnostics;
using Holdfast.Log.Postgres;
using Holdfast.Testing.Postgres;

namespace Holdfast.Cluster.Tests;

/// <summary>Three nodes as processes, on a real database.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private readonly PostgresOptions _database = SharedServer.NewOptions();
    private NodeProcess _a = null!;
    private NodeProcess _b = null!;
    private NodeProcess _c = null!;

    public async ValueTask InitializeAsync()
    {
        var begin = Stopwatch.GetTimestamp();
        _a = await NodeProcess.StartAsync(_database, "a");
        Say($"first node: {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
        _b = await NodeProcess.StartAsync(_database, "b");
        _c = await NodeProcess.StartAsync(_database, "c");
        await Task.WhenAll(_a.SeesAsync(_b, _c), _b.SeesAsync(_a, _c), _c.SeesAsync(_a, _b));
        Say($"all see each other: {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in new[] { _a, _b, _c })
        {
            Say(node.Output);
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task Each_node_answers_the_others()
    {
        Assert.Equal($"answered {_b.Self}", await _a.AskAsync($"beat {_b.Self}", "answered"));
        Assert.Equal($"answered {_a.Self}", await _c.AskAsync($"beat {_a.Self}", "answered"));
    }

    [Fact]
    public async Task A_killed_node_is_gone_within_seconds()
    {
        await _a.AskAsync($"beat {_c.Self}", "answered");
        var begin = Stopwatch.GetTimestamp();
        await _c.KillAsync();
        Say(await _a.AskAsync($"beat {_c.Self}", "unavailable"));
        await Task.WhenAll(_a.SeesAsync(_b), _b.SeesAsync(_a));
        Say($"declared dead after {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
        Say(await _a.AskAsync($"beat {_c.Self}", "unavailable"));
    }

    [Fact]
    public async Task A_node_that_stops_is_gone_at_once()
    {
        var begin = Stopwatch.GetTimestamp();
        var stopping = _c.StopAsync();
        await Task.WhenAll(_a.SeesAsync(_b), _b.SeesAsync(_a));
        Say($"gone after {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
        await stopping;
        Say($"ended after {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
    }

    [Fact]
    public async Task A_node_that_was_frozen_learns_that_it_is_dead_and_ends_itself()
    {
        var begin = Stopwatch.GetTimestamp();
        _c.Send(Signals.Stop);
        Say(await _a.AskAsync($"beat {_c.Self}", "unavailable"));
        await Task.WhenAll(_a.SeesAsync(_b), _b.SeesAsync(_a));
        Say($"declared dead after {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
        begin = Stopwatch.GetTimestamp();
        _c.Send(Signals.Continue);
        await _c.WaitForAsync(line => line.StartsWith("dead ", StringComparison.Ordinal));
        Say($"knew it {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms after it woke");
        await _c.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(70, _c.ExitCode);
    }

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
