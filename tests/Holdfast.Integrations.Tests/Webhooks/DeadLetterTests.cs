using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class DeadLetterTests
{
    [Theory]
    [InlineData("", 410, true)]
    [InlineData("", 404, false)]
    [InlineData("\"deadLetterOn\":[\"404\"]", 404, true)]
    [InlineData("\"deadLetterOn\":[\"404\"]", 410, false)]
    [InlineData("\"deadLetterOn\":[\"4xx\"]", 422, true)]
    [InlineData("\"deadLetterOn\":[\"4xx\"]", 429, false)]
    [InlineData("\"deadLetterOn\":[\"4xx\",\"429\"]", 429, true)]
    [InlineData("\"deadLetterOn\":[]", 410, false)]
    public async Task A_refusal_by_rule_is_for_good_and_any_other_is_repeated(string settings, int statusCode, bool isForGood)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (received, context) => AnswerAsync(context, received.Text == "bad" ? statusCode : 200, "because");
        await scene.AddAsync(receiver.Url, settings: settings);
        await scene.PublishAsync("devices/a/events/x", "bad");
        await scene.PublishAsync("devices/a/events/x", "good");

        var status = await scene.UntilAsync(status => isForGood ? status.Delivered == 1 : status.FailedAttempts == 1);
        Assert.Equal((isForGood ? 1 : 0, isForGood ? 1 : 0), (status.DeadLettered, status.DeadLetters));
    }

    [Fact]
    public async Task A_dead_letter_keeps_the_answer_and_is_there_after_a_restart()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) => AnswerAsync(context, 410, new string('x', 10_000));
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x");
        await scene.UntilAsync(status => status.DeadLettered == 1);
        await scene.Service.StopAsync();
        await scene.RestartAsync();

        var letter = Assert.Single((await LettersAsync(scene))!);
        Assert.Equal(("devices/a/events/x", 410, "HTTP 410 Gone", "text/plain", new string('x', 4096)), (letter.Topic, letter.Status, letter.Error, letter.ContentType, letter.Response));
        Assert.Equal((scene.Time.Start, scene.Time.Start), (letter.ReceivedAt, letter.RefusedAt));
        Assert.Equal((1, 0L), (scene.Status().DeadLetters, scene.Status().Behind));
    }

    [Fact]
    public async Task A_full_list_refuses_no_event_in_silence_but_has_it_repeated_until_there_is_room()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene(new IntegrationLimits { DeadLetters = 2 });
        receiver.Answer = (_, context) => AnswerAsync(context, 410, "");
        await scene.AddAsync(receiver.Url);
        for (var i = 0; i < 3; i++)
        {
            await scene.PublishAsync("devices/a/events/x", $"{i}");
        }

        var status = await scene.UntilAsync(status => status.FailedAttempts == 1);
        Assert.Equal((2L, 2), (status.DeadLettered, status.DeadLetters));
        Assert.Contains("2 dead letters already", status.LastError, StringComparison.Ordinal);

        Assert.True(await scene.Service.Deliveries.RemoveDeadLettersAsync("p", "hook", null, Deadline.Token));
        scene.Time.Advance(await scene.NextRetryAsync());
        Assert.Equal(1, (await scene.UntilAsync(status => status.DeadLettered == 3)).DeadLetters);
    }

    [Fact]
    public async Task Of_a_refused_batch_only_the_events_that_are_refused_alone_become_dead_letters()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (received, context) => AnswerAsync(context, received.Body.Contains("poison", StringComparison.Ordinal) ? 410 : 200, "");
        await scene.AddAsync(receiver.Url, settings: "\"maxBatch\":10,\"maxWaitMilliseconds\":0");
        await scene.PublishAsync(Enumerable.Range(0, 10).Select(i => ($"devices/d{i % 3}/events/x", i == 4 ? "poison" : $"{i}")));

        var status = await scene.UntilAsync(status => status.Delivered == 9 && status.DeadLettered == 1);

        Assert.Equal(1, status.DeadLetters);
        Assert.Equal("devices/d1/events/x", Assert.Single((await LettersAsync(scene))!).Topic);
    }

    [Fact]
    public async Task Dead_letters_that_are_sent_again_leave_the_list_as_they_are_delivered()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var isRefusing = true;
        receiver.Answer = (received, context) => AnswerAsync(context, isRefusing || received.Text == "1" ? 410 : 200, "");
        await scene.AddAsync(receiver.Url);
        for (var i = 0; i < 3; i++)
        {
            await scene.PublishAsync("devices/a/events/x", $"{i}");
        }

        await scene.UntilAsync(status => status.DeadLettered == 3);
        await receiver.NextAsync(3);
        isRefusing = false;
        var replay = await scene.Service.Deliveries.ReplayAsync("p", "hook", new ReplayRequest { DeadLetters = true }, Deadline.Token);

        Assert.Equal((IntegrationOutcome.Done, "hook-replay-1"), (replay.Outcome, replay.Integration!.Definition.Name));
        Assert.Equal(["0", "1", "2"], (await receiver.NextAsync(3)).Select(received => received.Text));
        await scene.UntilAsync(status => status.Delivered == 2 && status.DeadLettered == 1, "hook-replay-1");
        Assert.Equal(1, scene.Status().DeadLetters);
        Assert.EndsWith("-1", Assert.Single((await LettersAsync(scene))!).EventId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_follow_each_other_and_single_letters_are_removed()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) => AnswerAsync(context, 410, "");
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync(Enumerable.Range(0, 5).Select(i => ($"devices/d{i}/events/x", $"{i}")));
        await scene.UntilAsync(status => status.DeadLettered == 5);

        var first = (await LettersAsync(scene, limit: 3))!;
        var second = (await LettersAsync(scene, after: first[^1].EventId))!;
        Assert.Equal((3, 2), (first.Count, second.Count));
        Assert.Equal(5, first.Concat(second).Select(letter => letter.EventId).Distinct().Count());

        Assert.True(await scene.Service.Deliveries.RemoveDeadLettersAsync("p", "hook", first[1].EventId, Deadline.Token));
        Assert.False(await scene.Service.Deliveries.RemoveDeadLettersAsync("p", "hook", first[1].EventId, Deadline.Token));
        Assert.Equal(4, scene.Status().DeadLetters);
        Assert.Null(await scene.Service.Deliveries.DeadLettersAsync("p", "other", null, 10, Deadline.Token));
    }

    internal static Task AnswerAsync(HttpContext context, int statusCode, string body)
    {
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(body);
    }

    private static ValueTask<IReadOnlyList<DeadLetter>?> LettersAsync(Scene scene, string? after = null, int limit = 100)
        => scene.Service.Deliveries.DeadLettersAsync("p", "hook", after, limit, Deadline.Token);
}
