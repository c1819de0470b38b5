using System.Diagnostics;
using Holdfast.Testing.Postgres;

namespace Holdfast.Cluster.Tests;

/// <summary>The membership outlives the database's absence.</summary>
public sealed class DatabaseAwayTests : IDisposable
{
    private static readonly TimeSpan Absence = TimeSpan.FromSeconds(20);

    private readonly PostgresServer _server = PostgresServer.Create();

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_the_database_is_away_nobody_dies_and_afterwards_the_dead_are_seen_again(bool frozen)
    {
        var database = SharedServer.OptionsFor(_server);
        await using var a = await NodeProcess.StartAsync(database, "a");
        await using var b = await NodeProcess.StartAsync(database, "b");
        await using var c = await NodeProcess.StartAsync(database, "c");
        await Task.WhenAll(a.SeesAsync(b, c), b.SeesAsync(a, c), c.SeesAsync(a, b));

        if (frozen)
        {
            _server.Freeze();
        }
        else
        {
            _server.Kill();
        }

        var begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < Absence)
        {
            await a.AskAsync($"beat {b.Self}", "answered");
            await b.AskAsync($"beat {c.Self}", "answered");
            await c.AskAsync($"beat {a.Self}", "answered");
        }

        if (frozen)
        {
            _server.Thaw();
        }
        else
        {
            _server.Start();
        }

        begin = Stopwatch.GetTimestamp();
        await c.KillAsync();
        await Task.WhenAll(a.SeesAsync(b), b.SeesAsync(a));
        TestContext.Current.TestOutputHelper?.WriteLine($"declared dead {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms after the database's return");
        await a.AskAsync($"beat {b.Self}", "answered");
    }
}
