using System.Diagnostics;
using Holdfast.Transport.Sockets;

namespace Holdfast.Transport.Tests;

/// <summary>When a loop pauses, by the times that it is told.</summary>
public sealed class GatheringTests
{
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    [Theory]
    [InlineData(0.1, 100, 0.02, true)]
    [InlineData(1, 100, 0.02, false)]
    [InlineData(0.1, 2, 0.02, false)]
    [InlineData(0.1, 100, 0.6, false)]
    public void It_pays_to_pause_for_many_who_seldom_send_unless_the_turn_was_long(double between, double sinceLast, double turn, bool pays)
    {
        var gathering = new Gathering();
        var (now, paused) = (1_000 * Millisecond, false);
        for (var message = 0; message < 200; message++)
        {
            now += (long)(between * Millisecond);
            gathering.Count((long)(sinceLast * Millisecond));
            paused = gathering.EndTurn(now, now + (long)(turn * Millisecond));
        }

        Assert.Equal(pays, paused);
    }

    [Fact]
    public void When_they_fall_silent_the_next_is_not_kept_waiting()
    {
        var gathering = new Gathering();
        var now = 1_000 * Millisecond;
        for (var message = 0; message < 200; message++)
        {
            now += Millisecond / 10;
            gathering.Count(100 * Millisecond);
            gathering.EndTurn(now, now);
        }

        var turns = 0;
        bool pays;
        do
        {
            now += 100 * Millisecond;
            gathering.Count(100 * Millisecond);
            pays = gathering.EndTurn(now, now);
        }
        while (pays && ++turns < 100);

        Assert.InRange(turns, 0, 20);
    }
}
