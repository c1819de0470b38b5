using Holdfast.Clients.Drivers;
using Holdfast.Testing;

namespace Holdfast.Clients;

/// <summary>mqtt.js, in the version of package-lock.json.</summary>
public abstract class MqttJsTests(ServerFixture server) : ClientScenarios(server)
{
    private static readonly Lazy<bool> Installation = new(Install);

    /// <summary>Fails unless node and the libraries of package-lock.json are there.</summary>
    internal static void RequireAgents() => Assert.True(Installation.Value);

    protected override void Require() => RequireAgents();

    protected override ForeignClient Create() => new AgentClient("node", "agent.mjs");

    private static bool Install()
    {
        Components.Require("apt-get install nodejs npm", "node", "--version");
        Components.Require("apt-get install nodejs npm", "npm", "--version");
        const string Ci = "npm ci --no-audit --no-fund --prefix";
        Components.Require($"{Ci} tests/Holdfast.Clients/Agents", "npm", [.. Ci.Split(' ')[1..], AgentClient.Folder]);
        return true;
    }
}

public sealed class MqttJs311Tests(ServerFixture server) : MqttJsTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 4;
}

public sealed class MqttJs5Tests(ServerFixture server) : MqttJsTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 5;
}

public sealed class MqttJs5OverWebSocketOverTlsTests(ServerFixture server) : MqttJsTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 5;

    protected override Carrier Carrier => Carrier.WebSocketOverTls;
}
