using System.Net;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Integrations.Network;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class AddressPolicyTests
{
    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::808:808")]
    [InlineData("::ffff:8.8.8.8")]
    public void Public_addresses_are_allowed(string address) => Assert.True(AddressPolicy.PublicOnly.Allows(IPAddress.Parse(address)));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.8.8")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("2001::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::")]
    public void Others_are_not_unless_allowed(string address)
    {
        var parsed = IPAddress.Parse(address);
        Assert.False(AddressPolicy.PublicOnly.Allows(parsed));
        Assert.True(AddressPolicy.AllowAll.Allows(parsed));
    }

    [Fact]
    public void A_network_is_allowed_without_its_neighbours()
    {
        var policy = AddressPolicy.PublicAnd([IPNetwork.Parse("10.1.0.0/16")]);

        Assert.True(policy.Allows(IPAddress.Parse("10.1.2.3")));
        Assert.True(policy.Allows(IPAddress.Parse("::ffff:10.1.2.3")));
        Assert.False(policy.Allows(IPAddress.Parse("10.2.2.3")));
        Assert.True(policy.Allows(IPAddress.Parse("8.8.8.8")));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task A_webhook_reaches_no_loopback_address_however_it_is_written(string host)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await RestrictAsync(scene, AddressPolicy.PublicOnly);
        await scene.AddAsync($"http://{host}:{new Uri(receiver.Url).Port}/hook");
        await scene.PublishAsync("devices/a/events/x", "x");

        var status = await scene.UntilAsync(status => status.FailedAttempts == 1);

        Assert.Contains("not on the public internet", status.LastError, StringComparison.Ordinal);
        Assert.False(receiver.Requests.TryRead(out _));
        var tested = await scene.Service.Deliveries.TestAsync("p", "hook", new DeliveryTest(null, DryRun: false), Deadline.Token);
        Assert.Contains("not on the public internet", tested.Answer!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_into_a_network_that_is_not_allowed_is_refused()
    {
        await using var inside = await Receiver.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await RestrictAsync(scene, AddressPolicy.PublicAnd([IPNetwork.Parse("127.0.0.1/32")]));
        receiver.Answer = (_, context) => Redirect(context, $"http://127.0.0.2:{new Uri(inside.Url).Port}/hook");
        await scene.AddAsync(receiver.Url, settings: "\"followRedirects\":true");
        await scene.PublishAsync("devices/a/events/x", "x");

        var status = await scene.UntilAsync(status => status.FailedAttempts == 1);

        Assert.Contains("127.0.0.2, which is not on the public internet", status.LastError, StringComparison.Ordinal);
        Assert.False(inside.Requests.TryRead(out _));
    }

    [Fact]
    public async Task A_redirect_that_is_followed_keeps_method_and_body_but_takes_no_credentials_elsewhere()
    {
        await using var elsewhere = await Receiver.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) => Redirect(context, elsewhere.Url);
        await scene.AddAsync(receiver.Url, settings: """
            "followRedirects":true,"auth":{"type":"bearer","value":"s3"}
            """);
        await scene.PublishAsync("devices/a/events/x", "x");

        var first = await receiver.NextAsync();
        var second = await elsewhere.NextAsync();
        Assert.Equal(("POST", "x", first.Headers["webhook-signature"]), (second.Method, second.Text, second.Headers["webhook-signature"]));
        Assert.Equal((true, false), (first.Headers.ContainsKey("Authorization"), second.Headers.ContainsKey("Authorization")));
    }

    [Fact]
    public async Task Redirects_without_end_are_a_failure()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        receiver.Answer = (_, context) => Redirect(context, receiver.Url);
        await scene.AddAsync(receiver.Url, settings: "\"followRedirects\":true");
        await scene.PublishAsync("devices/a/events/x", "x");

        await receiver.NextAsync(4);
        Assert.Contains("at most 3", (await scene.UntilAsync(status => status.FailedAttempts == 1)).LastError, StringComparison.Ordinal);
    }

    private static async Task RestrictAsync(Scene scene, AddressPolicy policy)
    {
        scene.Environment = scene.Environment with { Addresses = policy };
        await scene.RestartAsync();
    }

    private static Task Redirect(HttpContext context, string to)
    {
        context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        context.Response.Headers.Location = to;
        return Task.CompletedTask;
    }
}
