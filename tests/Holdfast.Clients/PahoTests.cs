using Holdfast.Clients.Drivers;
using Holdfast.Testing;

namespace Holdfast.Clients;

/// <summary>Paho for Python, as Debian packages it.</summary>
public abstract class PahoTests(ServerFixture server) : ClientScenarios(server)
{
    private const string Python = "/usr/bin/python3";

    protected override void Require() => Components.Require("apt-get install python3-paho-mqtt", Python, "-c", "import paho.mqtt.client");

    protected override ForeignClient Create() => new AgentClient(Python, "agent.py");
}

public sealed class Paho311Tests(ServerFixture server) : PahoTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 4;
}

public sealed class Paho5Tests(ServerFixture server) : PahoTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 5;
}

public sealed class Paho5OverWebSocketTests(ServerFixture server) : PahoTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 5;

    protected override Carrier Carrier => Carrier.WebSocket;
}
