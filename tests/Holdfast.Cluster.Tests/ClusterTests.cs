using System.Diagnostics;
using Holdfast.Log.Postgres;
using Holdfast.Testing.Postgres;

namespace Holdfast.Cluster.Tests;

/// <summary>Three nodes as processes, on a real database.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private readonly PostgresOptions _database = SharedServer.NewOptions();
    private readonly List<NodeProcess> _nodes = [];
    private NodeProcess _a = null!;
    private NodeProcess _b = null!;
    private NodeProcess _c = null!;

    public async ValueTask InitializeAsync()
    {
        // They come at the same time, so that they contend for the table.
        var nodes = await Task.WhenAll(new[] { "a", "b", "c" }.Select(name => NodeProcess.BeginAsync(_database, name)));
        _nodes.AddRange(nodes);
        (_a, _b, _c) = (nodes[0], nodes[1], nodes[2]);
        await Task.WhenAll(_nodes.Select(node => node.JoinedAsync()));
        await Task.WhenAll(_a.SeesAsync(_b, _c), _b.SeesAsync(_a, _c), _c.SeesAsync(_a, _b));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
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
    public async Task A_call_that_is_on_its_way_fails_with_the_connection()
    {
        await _a.AskAsync($"beat {_c.Self}", "answered");
        _c.Freeze();
        await _a.AskAsync($"beat {_c.Self}", "beating");
        await _c.KillAsync();
        var failed = await _a.WaitForAsync(line => line.StartsWith("unavailable", StringComparison.Ordinal));
        Say(failed);
        Assert.InRange(Milliseconds(failed), 0, 1500);
    }

    [Fact]
    public async Task A_killed_node_cannot_be_called_at_once_and_is_declared_dead_within_seconds()
    {
        await _a.AskAsync($"beat {_c.Self}", "answered");
        var begin = Stopwatch.GetTimestamp();
        await _c.KillAsync();

        var early = await _a.AskAsync($"beat {_c.Self}", "unavailable");
        Assert.InRange(Milliseconds(early), 0, 1500);
        await Task.WhenAll(_a.SeesAsync(_b), _b.SeesAsync(_a));
        Say($"declared dead after {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms; the first call failed after {Milliseconds(early)} ms");

        var late = await _a.AskAsync($"beat {_c.Self}", "unavailable");
        Assert.InRange(Milliseconds(late), 0, 100);
        Assert.Contains(" True ", late, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_stops_is_gone_at_once()
    {
        var begin = Stopwatch.GetTimestamp();
        var stopping = _c.StopAsync();
        await Task.WhenAll(_a.SeesAsync(_b), _b.SeesAsync(_a));
        var gone = Stopwatch.GetElapsedTime(begin);
        await stopping;
        Say($"gone after {gone.TotalMilliseconds:F0} ms, ended after {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
        Assert.InRange(gone, TimeSpan.Zero, TimeSpan.FromSeconds(2.5));
    }

    [Fact]
    public async Task A_node_that_was_frozen_learns_that_it_is_dead_and_ends_itself()
    {
        var begin = Stopwatch.GetTimestamp();
        _c.Freeze();
        Assert.InRange(Milliseconds(await _a.AskAsync($"beat {_c.Self}", "unavailable")), 1900, 2900);
        await Task.WhenAll(_a.SeesAsync(_b), _b.SeesAsync(_a));
        Say($"declared dead after {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");

        begin = Stopwatch.GetTimestamp();
        _c.Send(Signals.Continue);
        await _c.WaitForAsync(line => line.StartsWith("dead ", StringComparison.Ordinal));
        Say($"knew it {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms after it woke");
        await _c.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(70, _c.ExitCode);
    }

    [Fact]
    public async Task A_node_that_is_killed_and_comes_back_is_a_new_life_at_once()
    {
        await _c.KillAsync();
        var begin = Stopwatch.GetTimestamp();
        var again = await NodeProcess.BeginAsync(_database, "c", _c.Self.Port);
        _nodes.Add(again);
        await again.JoinedAsync();
        await Task.WhenAll(_a.SeesAsync(_b, again), _b.SeesAsync(_a, again), again.SeesAsync(_a, _b));
        Say($"back after {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
        Assert.NotEqual(_c.Self, again.Self);
        Assert.Contains(" True ", await _a.AskAsync($"beat {_c.Self}", "unavailable"), StringComparison.Ordinal);
        Assert.Equal($"answered {again.Self}", await _a.AskAsync($"beat {again.Self}", "answered"));
    }

    [Fact]
    public async Task When_all_are_killed_one_alone_takes_over_from_the_dead()
    {
        await Task.WhenAll(_nodes.Select(node => node.KillAsync()));
        var begin = Stopwatch.GetTimestamp();
        var alone = await NodeProcess.BeginAsync(_database, "d");
        _nodes.Add(alone);
        await alone.JoinedAsync();
        Say($"takes part {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms after the death of all");
        await alone.SeesAsync();
    }

    private static int Milliseconds(string line) => int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
