using Holdfast.Device.Tests.Harness;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Connections;

public sealed class MeteredLinkTests
{
    private static readonly MeteredLink Link = new() { Interval = TimeSpan.FromMinutes(15), Bytes = 1000 };

    private readonly FakeTimeProvider _time = new();
    private readonly MemoryCloud _cloud = new();

    [Fact]
    public async Task Events_wait_for_the_interval_and_go_together()
    {
        await using var device = await StartAsync();
        await device.PublishAllAsync("1", "2");
        await device.PublishAsync("3");
        _time.Advance(Link.Interval - TimeSpan.FromSeconds(1));
        Assert.Equal(0, _cloud.Untold);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["1", "2", "3"], (await _cloud.NextAsync()).Texts);
    }

    [Fact]
    public async Task Enough_bytes_go_at_once()
    {
        await using var device = await StartAsync();
        await device.PublishAsync("small");
        Assert.Equal(0, _cloud.Untold);
        var large = new string('x', Link.Bytes);
        await device.PublishAsync(large);
        Assert.Equal(["small", large], (await _cloud.NextAsync()).Texts);
    }

    [Fact]
    public async Task An_urgent_event_takes_the_others_along()
    {
        await using var device = await StartAsync();
        await device.PublishAsync("1");
        await device.PublishAsync("now", EventPriority.Urgent);
        Assert.Equal(["now"], (await _cloud.NextAsync()).Texts);
        Assert.Equal(["1"], (await _cloud.NextAsync()).Texts);
    }

    /// <summary>A device that is connected and has sent everything.</summary>
    private async Task<HoldfastDevice> StartAsync()
    {
        var options = MemoryDevice.Options with { MeteredLink = Link, FirstBackOff = TimeSpan.FromSeconds(1), LongestBackOff = TimeSpan.FromSeconds(1), ReturnInterval = TimeSpan.FromDays(1), AckDeadline = TimeSpan.FromDays(1) };
        var device = MemoryDevice.Start(_cloud, options, _time);
        await device.PublishAsync("first", EventPriority.Urgent);
        await _cloud.NextAsync();
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        return device;
    }
}
