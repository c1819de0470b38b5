using System.Net;
using System.Text;
using Holdfast.Broker.Connections;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Identities;

/// <summary>A broker with products <c>p</c> and <c>q</c>, on a listener that admits nobody without credentials.</summary>
internal sealed class Registered : IAsyncDisposable
{
    private Registered(TestBroker broker) => Broker = broker;

    public TestBroker Broker { get; }

    public IdentityAdministration Administration => new(Broker.Node.Identities, Broker.Time);

    public static async Task<Registered> StartAsync()
    {
        var registered = new Registered(await TestBroker.StartAsync());
        Assert.True(await registered.Administration.AddProductAsync("p"));
        Assert.True(await registered.Administration.AddProductAsync("q"));
        return registered;
    }

    /// <summary>Adds a device and gives its key.</summary>
    public async Task<string> AddDeviceAsync(string id, string product = "p")
    {
        var (isAdded, key) = await Administration.AddDeviceAsync(product, id, null, [], withKey: true);
        Assert.True(isAdded);
        return key!;
    }

    /// <summary>Adds a token and gives it.</summary>
    public async Task<string> AddTokenAsync(Scopes scopes, string name = "t", string product = "p")
    {
        var token = await Administration.AddTokenAsync(product, name, scopes);
        Assert.NotNull(token);
        return token;
    }

    /// <summary>Connects with credentials, or a certificate, and returns the client and its CONNACK.</summary>
    public async Task<(TestClient Client, ReasonCode Reason)> TryAsync(
        string? userName, string? password, string clientId = "c", Func<ConnectPacket, ConnectPacket>? with = null, ConnectionInfo? info = null, ProtocolVersion version = ProtocolVersion.Mqtt5)
    {
        var client = Broker.Open(version, info ?? new ConnectionInfo("test", AllowAnonymous: false) { Address = IPAddress.Parse("192.0.2.1") });
        var packet = new ConnectPacket
        {
            Version = version,
            ClientId = clientId,
            SessionExpirySeconds = 3600,
            UserName = userName,
            Password = password is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(password),
        };
        var answer = await client.ConnectAsync(with is null ? packet : with(packet));
        return (client, answer.Reason);
    }

    /// <summary>Connects a device that must be accepted.</summary>
    public async Task<TestClient> ConnectAsync(string id, string key, string clientId = "c", Func<ConnectPacket, ConnectPacket>? with = null)
    {
        var (client, reason) = await TryAsync($"p/{id}", key, clientId, with);
        Assert.Equal(ReasonCode.Success, reason);
        return client;
    }

    /// <summary>Connects a back end that must be accepted.</summary>
    public async Task<TestClient> ConnectBackendAsync(string token, string clientId = "backend")
    {
        var (client, reason) = await TryAsync("token", token, clientId);
        Assert.Equal(ReasonCode.Success, reason);
        return client;
    }

    public ValueTask DisposeAsync() => Broker.DisposeAsync();
}
