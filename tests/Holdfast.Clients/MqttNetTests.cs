using Holdfast.Clients.Drivers;

namespace Holdfast.Clients;

/// <summary>MQTTnet.</summary>
public abstract class MqttNetTests(ServerFixture server) : ClientScenarios(server)
{
    protected override void Require()
    {
        // It comes with the build.
    }

    protected override ForeignClient Create() => new MqttNetClient();
}

public sealed class MqttNet311Tests(ServerFixture server) : MqttNetTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 4;
}

public sealed class MqttNet5Tests(ServerFixture server) : MqttNetTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 5;
}

public sealed class MqttNet5OverWebSocketOverTlsTests(ServerFixture server) : MqttNetTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 5;

    protected override Carrier Carrier => Carrier.WebSocketOverTls;
}
