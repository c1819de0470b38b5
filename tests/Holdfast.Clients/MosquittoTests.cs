using Holdfast.Clients.Drivers;
using Holdfast.Testing;

namespace Holdfast.Clients;

/// <summary>mosquitto_pub and mosquitto_sub.</summary>
public abstract class MosquittoTests(ServerFixture server) : ClientScenarios(server)
{
    protected override void Require() => Components.Require("apt-get install mosquitto-clients", "sh", "-c", "command -v mosquitto_sub mosquitto_pub");

    protected override ForeignClient Create() => new MosquittoClient();

    /// <summary>mosquitto_sub always subscribes.</summary>
    protected override Task ResumeAsync(ForeignClient client, string filter, int qualityOfService) => client.SubscribeAsync(filter, qualityOfService);
}

public sealed class Mosquitto311Tests(ServerFixture server) : MosquittoTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 4;
}

public sealed class Mosquitto5Tests(ServerFixture server) : MosquittoTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 5;

    /// <summary>mosquitto_sub does when a signal ends it.</summary>
    protected override bool AsksForWillAtDisconnect => true;
}

public sealed class Mosquitto5OverTlsTests(ServerFixture server) : MosquittoTests(server), IClassFixture<ServerFixture>
{
    protected override int Version => 5;

    protected override Carrier Carrier => Carrier.Tls;

    protected override bool AsksForWillAtDisconnect => true;
}
