using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Broker.Connections;
using Holdfast.Broker.Identities;
using Holdfast.Log.State;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Identities;

public sealed class AuthenticationTests
{
    [Fact]
    public async Task A_device_connects_with_its_key_and_with_nothing_else()
    {
        await using var world = await Registered.StartAsync();
        var key = await world.AddDeviceAsync("d");
        var other = await world.AddDeviceAsync("d", "q");

        Assert.Equal(ReasonCode.Success, (await world.TryAsync("p/d", key)).Reason);
        Assert.Equal(ReasonCode.Success, (await world.TryAsync("q/d", other)).Reason);
        foreach (var (user, password) in new (string?, string?)[] { ("p/d", other), ("p/d", ""), ("p/D", key), ("p/d/", key), ("q/d", key), ("x/d", key), ("p", key), ("d", key), ("", key), (null, key), ("token", key) })
        {
            Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync(user, password)).Reason);
        }

        Assert.Equal(ReasonCode.NotAuthorized, (await world.TryAsync(null, null)).Reason);
        Assert.Equal(ReasonCode.NotAuthorized, (await world.TryAsync("p/d", null)).Reason);
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("p/d", "wrong", version: ProtocolVersion.Mqtt311)).Reason);
    }

    [Fact]
    public async Task What_is_stored_of_a_key_is_not_the_key()
    {
        await using var world = await Registered.StartAsync();
        var key = await world.AddDeviceAsync("d");

        var stored = await world.Broker.Identities.LoadChangesAsync(0, TestContext.Current.CancellationToken).SingleAsync(one => one.Kind == IdentityKind.Device, TestContext.Current.CancellationToken);

        Assert.DoesNotContain(key, stored.Document, StringComparison.Ordinal);
        Assert.DoesNotContain(key[4..], stored.Document, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(Secret.Hash(key)), stored.Document, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_shows_wrong_credentials_is_not_anonymous()
    {
        await using var world = await Registered.StartAsync();
        var open = new ConnectionInfo("test", AllowAnonymous: true) { Address = IPAddress.Loopback };

        Assert.Equal(ReasonCode.Success, (await world.TryAsync(null, null, info: open)).Reason);
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("p/d", "wrong", info: open)).Reason);
    }

    [Fact]
    public async Task A_revoked_device_is_disconnected_and_comes_in_again_only_with_a_new_key()
    {
        await using var world = await Registered.StartAsync();
        var key = await world.AddDeviceAsync("d");
        var device = await world.ConnectAsync("d", key);
        var bystander = await world.ConnectAsync("e", await world.AddDeviceAsync("e"));

        await world.Administration.RevokeDeviceAsync("p", "d");

        Assert.Equal(ReasonCode.AdministrativeAction, await device.DisconnectedByServerAsync());
        await bystander.PingAsync();
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("p/d", key)).Reason);
        var renewed = await world.Administration.RotateDeviceAsync("p", "d", TimeSpan.FromDays(1));
        Assert.Equal(ReasonCode.Success, (await world.TryAsync("p/d", renewed)).Reason);
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("p/d", key)).Reason);
    }

    [Fact]
    public async Task A_removed_device_and_one_that_another_node_has_revoked_are_disconnected_too()
    {
        await using var world = await Registered.StartAsync();
        var removed = await world.ConnectAsync("d", await world.AddDeviceAsync("d"));
        var revoked = await world.ConnectAsync("e", await world.AddDeviceAsync("e"));
        using var elsewhere = new IdentityRegistry(world.Broker.Identities);
        await elsewhere.RefreshAsync(TestContext.Current.CancellationToken);

        Assert.True(await world.Administration.RemoveAsync(IdentityKind.Device, "p", "d"));
        await new IdentityAdministration(elsewhere, world.Broker.Time).RevokeDeviceAsync("p", "e");
        await world.Broker.Node.Identities.RefreshAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ReasonCode.AdministrativeAction, await removed.DisconnectedByServerAsync());
        Assert.Equal(ReasonCode.AdministrativeAction, await revoked.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task A_rotated_key_stays_valid_for_the_overlap_and_its_connection_no_longer()
    {
        await using var world = await Registered.StartAsync();
        var old = await world.AddDeviceAsync("d");
        var device = await world.ConnectAsync("d", old);

        var renewed = await world.Administration.RotateDeviceAsync("p", "d", TimeSpan.FromMinutes(10));
        Assert.Equal(ReasonCode.Success, (await world.TryAsync("p/d", old, "other")).Reason);
        Assert.Equal(ReasonCode.Success, (await world.TryAsync("p/d", renewed, "third")).Reason);
        await device.PingAsync();
        world.Broker.Time.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal(ReasonCode.MaximumConnectTime, await device.DisconnectedByServerAsync());
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("p/d", old)).Reason);
        Assert.Equal(ReasonCode.Success, (await world.TryAsync("p/d", renewed)).Reason);
    }

    [Fact]
    public async Task A_token_says_which_product_it_is_for_and_is_worth_nothing_once_revoked()
    {
        await using var world = await Registered.StartAsync();
        var token = await world.AddTokenAsync(Scopes.Publish);
        var all = await world.AddTokenAsync(Scopes.Publish, "all", IdentityRegistry.AllProducts);
        var back = await world.ConnectBackendAsync(token);
        var (everywhere, reason) = await world.TryAsync("token/q", all);

        Assert.Equal(ReasonCode.Success, reason);
        foreach (var (user, password) in new[] { ("token/q", token), ("token", all), ("token/x", all), ("token", "hft_x"), ("tokens", token) })
        {
            Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync(user, password)).Reason);
        }

        await world.Administration.RevokeTokenAsync("p", "t");
        Assert.Equal(ReasonCode.AdministrativeAction, await back.DisconnectedByServerAsync());
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("token", token)).Reason);
        await world.Administration.RevokeTokenAsync(IdentityRegistry.AllProducts, "all");
        Assert.Equal(ReasonCode.AdministrativeAction, await everywhere.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task Wrong_attempts_are_limited_by_name_and_address()
    {
        await using var world = await Registered.StartAsync();
        var (key, other) = (await world.AddDeviceAsync("d"), await world.AddDeviceAsync("e"));
        var elsewhere = new ConnectionInfo("test", AllowAnonymous: false) { Address = IPAddress.Parse("192.0.2.2") };
        for (var count = 0; count < AttemptLimit.WrongAttemptsPerName; count++)
        {
            Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("p/d", $"wrong {count}")).Reason);
        }

        Assert.Equal(ReasonCode.ConnectionRateExceeded, (await world.TryAsync("p/d", key)).Reason);
        Assert.Equal(ReasonCode.Success, (await world.TryAsync("p/e", other)).Reason);
        Assert.Equal(ReasonCode.Success, (await world.TryAsync("p/d", key, info: elsewhere)).Reason);
        world.Broker.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(ReasonCode.Success, (await world.TryAsync("p/d", key)).Reason);
    }

    [Fact]
    public async Task Who_is_there_is_written_down()
    {
        await using var world = await Registered.StartAsync();
        var device = await world.ConnectAsync("d", await world.AddDeviceAsync("d"));
        await world.Broker.AdvanceUntilAsync(() => IsConnected() == true, "the device is there");

        await device.DisconnectAsync();
        await world.Broker.AdvanceUntilAsync(() => IsConnected() == false, "the device is gone");

        bool? IsConnected() => world.Broker.Identities.FindPresence("p", "d")?.IsConnected;
    }

    [Fact]
    public async Task A_certificate_is_of_the_device_that_it_is_pinned_to_or_that_an_authority_of_the_product_names()
    {
        await using var world = await Registered.StartAsync();
        using var authority = Certificates.Authority("CN=Works of p");
        using var stranger = Certificates.Authority("CN=Works of p");
        using var issued = Certificates.Issue(authority, "CN=d, O=p");
        using var forged = Certificates.Issue(stranger, "CN=d, O=p");
        using var nobody = Certificates.Issue(authority, "CN=unknown");
        using var pinned = Certificates.Issue(stranger, "CN=anything");
        await world.AddDeviceAsync("d");
        await world.Administration.AddDeviceAsync("p", "e", null, [pinned.GetCertHashString(HashAlgorithmName.SHA256)], withKey: false);
        await world.Administration.ChangeProductAsync("p", product => product with { Authorities = [new Authority("works", authority.RawData)] });

        Assert.Equal(ReasonCode.Success, await TryAsync(issued, null));
        Assert.Equal(ReasonCode.Success, await TryAsync(issued, "p/d"));
        Assert.Equal(ReasonCode.Success, await TryAsync(pinned, null));
        Assert.Equal(ReasonCode.NotAuthorized, await TryAsync(issued, "p/e"));
        Assert.Equal(ReasonCode.NotAuthorized, await TryAsync(forged, null));
        Assert.Equal(ReasonCode.NotAuthorized, await TryAsync(nobody, null));
        await world.Administration.RevokeDeviceAsync("p", "d");
        Assert.Equal(ReasonCode.NotAuthorized, await TryAsync(issued, null));

        async Task<ReasonCode> TryAsync(X509Certificate2 certificate, string? userName)
            => (await world.TryAsync(userName, null, info: new("test", AllowAnonymous: true) { Certificate = certificate })).Reason;
    }

    [Fact]
    public async Task A_certificate_may_lead_to_the_authority_through_others_that_the_client_sends_along()
    {
        await using var world = await Registered.StartAsync();
        using var root = Certificates.Authority("CN=Works");
        using var factory = Certificates.Intermediate(root, "CN=Factory 7");
        using var device = Certificates.Issue(factory, "CN=d");
        using var noAuthority = Certificates.Intermediate(root, "CN=e", isAuthority: false);
        using var byNoAuthority = Certificates.Issue(noAuthority, "CN=d");
        using var stranger = Certificates.Authority("CN=Works");
        using var strangersFactory = Certificates.Intermediate(stranger, "CN=Factory 7");
        using var strangersDevice = Certificates.Issue(strangersFactory, "CN=d");
        await world.AddDeviceAsync("d");
        await world.Administration.ChangeProductAsync("p", product => product with { Authorities = [new Authority("works", root.RawData)] });

        Assert.Equal(ReasonCode.Success, await TryAsync(device, factory.RawData));
        Assert.Equal(ReasonCode.Success, await TryAsync(device, [1, 2, 3], root.RawData, factory.RawData));
        Assert.Equal(ReasonCode.NotAuthorized, await TryAsync(device));
        Assert.Equal(ReasonCode.NotAuthorized, await TryAsync(byNoAuthority, noAuthority.RawData));
        Assert.Equal(ReasonCode.NotAuthorized, await TryAsync(strangersDevice, strangersFactory.RawData));
        Assert.Equal(ReasonCode.NotAuthorized, await TryAsync(strangersDevice, strangersFactory.RawData, stranger.RawData));

        async Task<ReasonCode> TryAsync(X509Certificate2 certificate, params byte[][] others)
            => (await world.TryAsync(null, null, info: new("test", AllowAnonymous: true) { Certificate = certificate, Intermediates = others })).Reason;
    }

    [Fact]
    public async Task Where_a_certificate_is_required_a_key_must_be_that_of_the_same_device()
    {
        await using var world = await Registered.StartAsync();
        using var authority = Certificates.Authority("CN=Works");
        using var certificate = Certificates.Issue(authority, "CN=d");
        var (own, other) = (await world.AddDeviceAsync("d"), await world.AddDeviceAsync("e"));
        await world.Administration.ChangeProductAsync("p", product => product with { Authorities = [new Authority("works", authority.RawData)] });
        var info = new ConnectionInfo("test", AllowAnonymous: false) { Certificate = certificate, RequiresCertificate = true };

        Assert.Equal(ReasonCode.Success, (await world.TryAsync("p/d", own, info: info)).Reason);
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("p/e", other, info: info)).Reason);
    }
}
