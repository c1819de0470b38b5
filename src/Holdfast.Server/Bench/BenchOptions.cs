using Holdfast.Mqtt;

namespace Holdfast.Server.Bench;

/// <summary>A load generator's task.</summary>
internal sealed record BenchOptions
{
    /// <summary>What is measured.</summary>
    public required BenchScenario Scenario { get; init; }

    /// <summary>The broker's host.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The broker's port.</summary>
    public int Port { get; init; } = 1883;

    /// <summary>The hosts over which the connections of a load are spread, all with the same port; empty for one host.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>What carries MQTT.</summary>
    public BenchCarrier Carrier { get; init; }

    /// <summary>The broker's process on this machine, for CPU and memory; null to leave them out.</summary>
    public int? BrokerProcessId { get; init; }

    /// <summary>The broker's data directory on this machine, for its size; null to leave it out.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The protocol version.</summary>
    public ProtocolVersion Version { get; init; } = ProtocolVersion.Mqtt311;

    /// <summary>The user name, or null.</summary>
    public string? UserName { get; init; }

    /// <summary>The password, or null. Never shown.</summary>
    public string? Password { get; init; }

    /// <summary>The quality of service, of publishers and subscribers.</summary>
    public QualityOfService QualityOfService { get; init; }

    /// <summary>Publishing connections.</summary>
    public int Publishers { get; init; } = 1;

    /// <summary>Subscribing connections.</summary>
    public int Subscribers { get; init; }

    /// <summary>Connections that neither publish nor subscribe, or sessions that come back.</summary>
    public int Connections { get; init; }

    /// <summary>Connects that are under way at the same time.</summary>
    public int AtOnce { get; init; } = 100;

    /// <summary>Messages that wait for each session that comes back.</summary>
    public int Waiting { get; init; } = 100;

    /// <summary>Topics with a retained message.</summary>
    public int Topics { get; init; } = 10_000;

    /// <summary>Whether the retained messages stay at the end.</summary>
    public bool LeavesRetained { get; init; }

    /// <summary>Topics over which each publisher takes turns.</summary>
    public int TopicsEach { get; init; } = 1;

    /// <summary>How often each idle connection sends PINGREQ; null for never.</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>Most messages without acknowledgement of each publisher, above QoS 0.</summary>
    public int Window { get; init; } = 100;

    /// <summary>Bytes of a payload.</summary>
    public int PayloadBytes { get; init; } = 100;

    /// <summary>Messages a second of all publishers together; null for as many as possible.</summary>
    public int? Rate { get; init; }

    /// <summary>How long is measured; the longest wait for a scenario that ends by itself.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the load runs before.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The options of the connection with a number: each goes to the next host in turn.</summary>
    /// <param name="connection">From 0.</param>
    public BenchOptions Of(int connection) => Hosts.Count == 0 ? this : this with { Host = Hosts[connection % Hosts.Count] };
}

/// <summary>What carries MQTT between the load generator and the broker.</summary>
internal enum BenchCarrier
{
    /// <summary>TCP.</summary>
    Tcp,

    /// <summary>TLS; whatever certificate the broker shows is taken.</summary>
    Tls,

    /// <summary>WebSocket, at the path /mqtt.</summary>
    WebSocket,
}

/// <summary>A shape of load.</summary>
internal enum BenchScenario
{
    /// <summary>Publishers, no subscriber.</summary>
    Ingest,

    /// <summary>One publisher, one subscriber.</summary>
    One,

    /// <summary>Many publishers, few subscribers that each get everything.</summary>
    FanIn,

    /// <summary>One publisher, many subscribers.</summary>
    FanOut,

    /// <summary>Each publisher has a subscriber of its own.</summary>
    Pairs,

    /// <summary>Devices at a fixed rate; latency counts from the intended time of sending.</summary>
    Paced,

    /// <summary>Every quality of service and several sizes at once, at a fixed rate.</summary>
    Mixed,

    /// <summary>Publishers, and one shared subscription of many members.</summary>
    Shared,

    /// <summary>Connections that do nothing.</summary>
    Idle,

    /// <summary>Clients that connect and disconnect.</summary>
    ConnectStorm,

    /// <summary>Kept sessions whose clients connect again elsewhere.</summary>
    TakeOver,

    /// <summary>Sessions with waiting messages that come back all at once.</summary>
    ReconnectStorm,

    /// <summary>Retained messages, retrieved by a wildcard.</summary>
    Retained,
}
