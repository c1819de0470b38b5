using System.Text.Json;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class DeliveryTestTests
{
    [Fact]
    public async Task A_dry_run_shows_the_request_that_a_delivery_then_makes()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: """
            "query":{"a":"1"},"headers":{"X-One":"1"},"auth":{"type":"bearer","value":"s3cret"},"body":"cloudevents"
            """);
        await scene.PublishAsync("devices/a/events/x", "x");
        var delivered = await receiver.NextAsync();

        var test = await TestAsync(scene, new DeliveryTest(delivered.Headers["webhook-id"], DryRun: true));

        Assert.Equal(("POST", receiver.Url + "?a=1", delivered.Body), (test.Request!.Method, test.Request.Url, test.Request.Body));
        Assert.Null(test.Answer);
        var shown = test.Request.Headers.ToDictionary(header => header.Key, header => header.Value);
        Assert.Equal("***", shown["Authorization"]);
        shown.Remove("Authorization");
        Assert.All(shown, header => Assert.Equal(header.Value, delivered.Headers[header.Key]));
        Assert.DoesNotContain("s3cret", JsonSerializer.Serialize(test), StringComparison.Ordinal);
        Assert.False(receiver.Requests.TryRead(out _));
    }

    [Fact]
    public async Task A_test_send_tells_what_the_receiver_answered_and_moves_nothing()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) => DeadLetterTests.AnswerAsync(context, 410, "no such thing");
        await scene.AddAsync(receiver.Url, settings: "\"eventPrefix\":\"alarm/\"");

        var test = await TestAsync(scene, new DeliveryTest(null, DryRun: false));

        Assert.Equal(("refused", 410, "no such thing", "text/plain"), (test.Answer!.Result, test.Answer.Status, test.Answer.Body, test.Answer.ContentType));
        var received = await receiver.NextAsync();
        Assert.Equal(("alarm/test", true), (received.Event.Name, received.Event.Payload.GetProperty("test").GetBoolean()));
        Assert.Equal((0L, 0L, 0), (scene.Status().Delivered, scene.Status().DeadLettered, scene.Status().DeadLetters));
    }

    [Fact]
    public async Task An_event_that_is_not_of_this_product_or_not_there_is_refused()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x", product: "q");

        var partition = scene.PartitionOf("devices/a/events/x", "q");
        foreach (var id in new[] { $"memory-{partition}-0", $"memory-{partition}-1", "memory-99-0", "other-0-0", "nonsense" })
        {
            Assert.Equal((IntegrationOutcome.Invalid, "event"), Refusal(await TestAsync(scene, new DeliveryTest(id, DryRun: true))));
        }

        Assert.Equal(IntegrationOutcome.NotFound, (await scene.Service.Deliveries.TestAsync("p", "other", new DeliveryTest(null, true), Deadline.Token)).Refusal.Outcome);
    }

    private static (IntegrationOutcome, string) Refusal(DeliveryTestResult result) => (result.Refusal.Outcome, result.Refusal.Field);

    private static async Task<DeliveryTestResult> TestAsync(Scene scene, DeliveryTest test)
        => await scene.Service.Deliveries.TestAsync("p", "hook", test, Deadline.Token);
}
