using System.Net;
using Holdfast.Server.Drill.Clients;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Server.Tests.Drill;

/// <summary>The reconnect policy of the drill's clients.</summary>
public sealed class DeviceRouteTests
{
    private static readonly IPEndPoint[] Nodes = [new(IPAddress.Loopback, 1), new(IPAddress.Loopback, 2), new(IPAddress.Loopback, 3)];

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task The_first_connection_is_made_at_once_and_the_next_to_another_node()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var route = new DeviceRoute(Nodes, 1, _time);
        IPEndPoint last = await route.NextAsync(null, cancellation);

        for (int attempt = 0; attempt < 20; attempt++)
        {
            Task<IPEndPoint> next = route.NextAsync(ConnectionEnd.Lost, cancellation);
            _time.Advance(DeviceRoute.FirstPause);
            IPEndPoint chosen = await next;
            Assert.NotEqual(last, chosen);
            last = chosen;
        }
    }

    [Fact]
    public async Task Failures_in_a_row_lengthen_the_pause_but_never_beyond_its_bound()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var route = new DeviceRoute(Nodes, 5, _time);
        await route.NextAsync(null, cancellation);
        TimeSpan longest = TimeSpan.Zero;
        for (int attempt = 0; attempt < 50; attempt++)
        {
            Task<IPEndPoint> next = route.NextAsync(ConnectionEnd.NobodyThere, cancellation);
            TimeSpan waited = TimeSpan.Zero;
            while (!next.IsCompleted)
            {
                waited += TimeSpan.FromMilliseconds(10);
                Assert.True(waited <= DeviceRoute.LongestPause + TimeSpan.FromMilliseconds(10));
                _time.Advance(TimeSpan.FromMilliseconds(10));
            }

            longest = waited > longest ? waited : longest;
            await next;
        }

        Assert.True(longest > DeviceRoute.LongestPause / 2, $"the longest of fifty pauses was {longest}");
    }
}
