using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests;

public sealed class BacklogTests
{
    [Fact]
    public async Task What_waits_for_a_paused_integration_is_shown_with_how_much_and_how_old()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: "\"paused\":true", filter: "devices/a/events/#");
        Assert.Equal((IntegrationState.Paused, 0L, 0L, null), Facts(scene.Status()));
        await scene.PublishAsync("devices/b/events/x", "of another device");
        scene.Time.Advance(TimeSpan.FromMinutes(1));
        var first = scene.Time.GetUtcNow();
        await scene.PublishAsync("devices/a/events/x", new string('x', 1000));
        scene.Time.Advance(TimeSpan.FromMinutes(1));
        await scene.PublishAsync("devices/a/events/x", new string('x', 1000));

        var deadline = Deadline.Token;
        while (scene.Status().OldestWaiting is null)
        {
            deadline.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        var status = scene.Status();
        Assert.Equal((IntegrationState.Paused, 2L, first), (status.State, status.Behind, status.OldestWaiting));
        Assert.InRange(status.BehindBytes, 1000, 2200);
    }

    private static (IntegrationState State, long Behind, long Bytes, DateTimeOffset? Oldest) Facts(IntegrationStatus status)
        => (status.State, status.Behind, status.BehindBytes, status.OldestWaiting);
}
