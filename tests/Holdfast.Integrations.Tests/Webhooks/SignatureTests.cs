using System.Security.Cryptography;
using System.Text;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Integrations.Webhooks.Signing;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class SignatureTests
{
    private const string Url = "http://127.0.0.1:9/hook";
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// <summary>The example of the Standard Webhooks specification's own libraries.</summary>
    [Fact]
    public void A_signature_is_that_of_the_specification()
    {
        Assert.True(WebhookSecret.TryParse(Secret, out var secret));

        Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            secret.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}"""u8));
    }

    [Fact]
    public async Task Every_request_is_signed_with_a_secret_that_is_shown_once()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var added = await scene.Service.AddAsync(Scene.Definition(receiver.Url), Deadline.Token);
        await scene.PublishAsync("devices/a/events/x", "x");

        var received = await receiver.NextAsync();

        Assert.True(Verifies(received, added.NewSecret!));
        Assert.DoesNotContain("whsec_", scene.Status().Definition.Settings.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("ecret\"", scene.Status().Definition.Settings.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_is_given_is_used_and_not_shown()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        var added = await scene.Service.AddAsync(Scene.Definition(receiver.Url, settings: $"\"secret\":\"{Secret}\""), Deadline.Token);
        await scene.PublishAsync("devices/a/events/x", "x");

        Assert.Null(added.NewSecret);
        Assert.True(Verifies(await receiver.NextAsync(), Secret));
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_verify_until_the_overlap_is_over()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: $"\"secret\":\"{Secret}\"");

        var rotated = await scene.Service.RotateSecretAsync("p", "hook", null, TimeSpan.FromHours(1), Deadline.Token);
        Assert.Equal(scene.Time.Start + TimeSpan.FromHours(1), rotated.Integration!.PreviousSecretExpiresAt);
        await scene.PublishAsync("devices/a/events/x", "0");
        var received = await receiver.NextAsync();
        Assert.True(Verifies(received, Secret));
        Assert.True(Verifies(received, rotated.NewSecret!));

        await scene.UntilAsync(status => status.Delivered == 1);
        scene.Time.Advance(TimeSpan.FromHours(1));
        await scene.PublishAsync("devices/a/events/x", "1");
        received = await receiver.NextAsync();
        Assert.False(Verifies(received, Secret));
        Assert.True(Verifies(received, rotated.NewSecret!));
    }

    [Fact]
    public async Task A_rotation_survives_a_restart_and_refuses_what_is_no_secret()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: $"\"secret\":\"{Secret}\"");
        var next = WebhookSecret.New();
        await scene.Service.RotateSecretAsync("p", "hook", next, TimeSpan.FromHours(1), Deadline.Token);
        await scene.Service.StopAsync();
        await scene.RestartAsync();

        await scene.PublishAsync("devices/a/events/x", "0");
        var received = await receiver.NextAsync();
        Assert.True(Verifies(received, Secret) && Verifies(received, next));

        var refused = await scene.Service.RotateSecretAsync("p", "hook", "short", TimeSpan.Zero, Deadline.Token);
        Assert.Equal((IntegrationOutcome.Invalid, "secret"), (refused.Outcome, refused.Field));
    }

    [Fact]
    public async Task Secrets_stand_in_no_message()
    {
        await using var scene = new Scene();
        var refused = await scene.Service.AddAsync(Scene.Definition(Url, settings: "\"secret\":\"whsec_dGVsbG5vYm9keQ==\""), Deadline.Token);

        Assert.DoesNotContain("dGVsbG5vYm9keQ", refused.Detail, StringComparison.Ordinal);
    }

    /// <summary>As a receiver does, written a second time.</summary>
    private static bool Verifies(Received received, string secret)
    {
        var key = Convert.FromBase64String(secret["whsec_".Length..]);
        var signed = Encoding.UTF8.GetBytes($"{received.Headers["webhook-id"]}.{received.Headers["webhook-timestamp"]}.{received.Body}");
        return received.Headers["webhook-signature"].Split(' ').Contains("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)));
    }
}
