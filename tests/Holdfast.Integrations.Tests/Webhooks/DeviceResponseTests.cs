using System.Text;
using Holdfast.Broker.Publishing;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class DeviceResponseTests
{
    [Fact]
    public async Task An_answer_goes_back_to_the_device_with_its_status_and_up_to_a_limit_of_its_body()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) => DeadLetterTests.AnswerAsync(context, 201, "0123456789");
        await scene.AddAsync(receiver.Url, settings: "\"response\":{\"maxBytes\":4}");
        await scene.PublishAsync("devices/pump-1/events/pressure/low", "x");

        var answer = await scene.Publisher.NextAsync();

        Assert.Equal(
            ("p", "devices/pump-1/responses/hook/pressure/low", "0123", "integration/hook", "text/plain"),
            (answer.Product, answer.Topic, Encoding.UTF8.GetString(answer.Payload.Span), answer.Publisher, answer.ContentType));
        var eventId = (await receiver.NextAsync()).Event.Id;
        Assert.Equal([("hf-event", eventId), ("hf-status", "201")], answer.UserProperties.Select(property => (property.Name, property.Value)));
    }

    [Fact]
    public async Task Errors_go_back_when_asked_for_at_the_first_failure_and_at_the_end()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var attempts = 0;
        receiver.Answer = (_, context) => DeadLetterTests.AnswerAsync(context, Interlocked.Increment(ref attempts) < 3 ? 500 : 410, $"{attempts}");
        await scene.AddAsync(receiver.Url, settings: "\"response\":{\"errors\":true}");
        await scene.PublishAsync("devices/a/events/x", "x");
        for (var failure = 1; failure < 3; failure++)
        {
            await scene.UntilAsync(status => status.FailedAttempts == failure);
            scene.Time.Advance(await scene.NextRetryAsync());
        }

        await scene.UntilAsync(status => status.DeadLettered == 1);
        var answers = new[] { await scene.Publisher.NextAsync(), await scene.Publisher.NextAsync() };
        Assert.Equal(["1", "3"], answers.Select(answer => Encoding.UTF8.GetString(answer.Payload.Span)));
        Assert.Equal(["500", "410"], answers.Select(answer => answer.UserProperties[1].Value));
        Assert.Equal("HTTP 410 Gone", answers[1].UserProperties[2].Value);
        Assert.False(scene.Publisher.Published.TryRead(out _));
    }

    [Fact]
    public async Task Answers_are_not_carried_again_and_events_of_no_device_have_none()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: "\"response\":{}");
        await scene.PublishAsync([("devices/a/responses/hook/x", "an answer"), ("elsewhere", "no device"), ("devices/a/events/x", "an event")]);
        await scene.UntilAsync(status => status.Delivered == 2);

        Assert.Equal(["an event", "no device"], (await receiver.NextAsync(2)).Select(received => received.Text).Order());
        Assert.Equal("devices/a/responses/hook/x", (await scene.Publisher.NextAsync()).Topic);
        Assert.False(scene.Publisher.Published.TryRead(out _));
    }

    [Fact]
    public async Task An_answer_that_cannot_be_stored_now_has_the_event_sent_again()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        scene.Publisher.Result = new PublishResult(PublishStatus.Full, null, "no room");
        await scene.AddAsync(receiver.Url, settings: "\"response\":{}");
        await scene.PublishAsync("devices/a/events/x", "x");
        Assert.Contains("no room", (await scene.UntilAsync(status => status.FailedAttempts == 1)).LastError, StringComparison.Ordinal);

        scene.Publisher.Result = new PublishResult(PublishStatus.Committed, "memory-0-0", "");
        scene.Time.Advance(await scene.NextRetryAsync());
        await scene.UntilAsync(status => status.Delivered == 1);
        Assert.Equal(2, (await receiver.NextAsync(2)).Count);
    }
}
