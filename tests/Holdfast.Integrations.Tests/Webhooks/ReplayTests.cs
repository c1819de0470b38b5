using System.Text.Json;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class ReplayTests
{
    [Fact]
    public async Task A_device_and_a_time_are_sent_again_to_another_receiver_beside_what_is_delivered()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var other = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        for (var i = 0; i < 6; i++)
        {
            await scene.PublishAsync([("devices/a/events/x", $"a{i}"), ("devices/b/events/x", $"b{i}")]);
            await scene.UntilAsync(status => status.Delivered == 2 * (i + 1));
            scene.Time.Advance(TimeSpan.FromMinutes(1));
        }

        await receiver.NextAsync(12);
        var replay = await ReplayAsync(scene, new ReplayRequest
        {
            Device = "a",
            From = scene.Time.Start + TimeSpan.FromMinutes(1),
            To = scene.Time.Start + TimeSpan.FromMinutes(4),
            Settings = JsonElement.Parse($$"""{"url":"{{other.Url}}"}"""),
        });
        await scene.PublishAsync("devices/a/events/x", "later");

        var again = await other.NextAsync(3);
        Assert.Equal(["a1", "a2", "a3"], again.Select(received => received.Text));
        Assert.Equal("later", (await receiver.NextAsync()).Text);
        await UntilCompletedAsync(scene, replay);
        Assert.False(other.Requests.TryRead(out _));
        Assert.False(receiver.Requests.TryRead(out _));
    }

    [Fact]
    public async Task Single_events_are_sent_again_with_their_ids_and_a_header_that_tells_their_delay()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        for (var i = 0; i < 5; i++)
        {
            await scene.PublishAsync("devices/a/events/x", $"{i}");
        }

        var ids = (await receiver.NextAsync(5)).Select(received => received.Event.Id).ToArray();
        await scene.UntilAsync(status => status.Delivered == 5);
        scene.Time.Advance(TimeSpan.FromHours(1));
        var replay = await ReplayAsync(scene, new ReplayRequest { Events = [ids[3], ids[1], ids[3]] });

        var again = await receiver.NextAsync(2);
        Assert.Equal([ids[1], ids[3]], again.Select(received => received.Headers["webhook-id"]));
        Assert.All(again, received => Assert.Equal("3600.000", received.Headers["Holdfast-Delay"]));
        await UntilCompletedAsync(scene, replay);
        Assert.False(receiver.Requests.TryRead(out _));
    }

    [Fact]
    public async Task A_replay_that_was_interrupted_goes_on_after_a_restart()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        for (var i = 0; i < 4; i++)
        {
            await scene.PublishAsync("devices/a/events/x", $"{i}");
        }

        await receiver.NextAsync(4);
        await scene.UntilAsync(status => status.Delivered == 4);
        receiver.Answer = (received, context) => DeadLetterTests.AnswerAsync(context, received.Text == "2" ? 503 : 200, "");
        await ReplayAsync(scene, new ReplayRequest { From = scene.Time.Start, Name = "again" });
        await scene.UntilAsync(status => status.FailedAttempts == 1, "again");
        Assert.Equal(["0", "1", "2"], (await receiver.NextAsync(3)).Select(received => received.Text));
        await scene.Service.StopAsync();
        receiver.Answer = (_, _) => Task.CompletedTask;
        await scene.RestartAsync();

        Assert.Equal(["2", "3"], (await receiver.NextAsync(2)).Select(received => received.Text));
        await scene.UntilAsync(status => status.State == IntegrationState.Completed || status.Delivered == 2, "again");
    }

    [Fact]
    public async Task A_finished_replay_makes_room_and_unfinished_ones_are_bounded()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene(new IntegrationLimits { Replays = 2 });
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "0");
        var id = (await receiver.NextAsync()).Event.Id;
        await UntilCompletedAsync(scene, await ReplayAsync(scene, new ReplayRequest { Events = [id] }));
        receiver.Answer = (_, context) => DeadLetterTests.AnswerAsync(context, 503, "");

        Assert.Equal(IntegrationOutcome.Done, (await ReplayAsync(scene, new ReplayRequest { Events = [id] })).Outcome);
        Assert.Equal(IntegrationOutcome.Done, (await ReplayAsync(scene, new ReplayRequest { Events = [id] })).Outcome);
        Assert.Equal(IntegrationOutcome.Invalid, (await ReplayAsync(scene, new ReplayRequest { Events = [id] })).Outcome);
        Assert.Equal(3, scene.Service.List("p").Count);
    }

    [Fact]
    public async Task What_cannot_be_replayed_is_refused_with_its_field()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "0");
        var id = (await receiver.NextAsync()).Event.Id;

        (string Field, ReplayRequest Request)[] refused =
        [
            ("from", new ReplayRequest()),
            ("events", new ReplayRequest { Events = [] }),
            ("events", new ReplayRequest { Events = ["nothing"] }),
            ("events", new ReplayRequest { Events = [id + "9"] }),
            ("events", new ReplayRequest { Events = [id], Device = "a" }),
            ("deadLetters", new ReplayRequest { DeadLetters = true }),
            ("deadLetters", new ReplayRequest { DeadLetters = true, Device = "a" }),
            ("to", new ReplayRequest { From = scene.Time.Start, To = scene.Time.Start }),
            ("name", new ReplayRequest { Name = "Not Valid", From = scene.Time.Start }),
            ("settings.maxBatch", new ReplayRequest { From = scene.Time.Start, Settings = JsonElement.Parse("""{"maxBatch":0}""") }),
        ];
        foreach (var (field, request) in refused)
        {
            var result = await ReplayAsync(scene, request);
            Assert.Equal((IntegrationOutcome.Invalid, field), (result.Outcome, result.Field));
        }

        Assert.Equal(IntegrationOutcome.NotFound, (await scene.Service.Deliveries.ReplayAsync("p", "other", new ReplayRequest { Device = "a" }, Deadline.Token)).Outcome);
    }

    private static async Task<IntegrationResult> ReplayAsync(Scene scene, ReplayRequest request)
        => await scene.Service.Deliveries.ReplayAsync("p", "hook", request, Deadline.Token);

    private static async Task UntilCompletedAsync(Scene scene, IntegrationResult replay)
    {
        Assert.Equal(("", IntegrationOutcome.Done), (replay.Detail, replay.Outcome));
        var name = replay.Integration!.Definition.Name;
        while (scene.Status(name).State != IntegrationState.Completed)
        {
            await scene.Store.SavedCursors.ReadAsync(Deadline.Token);
        }
    }
}
