using Holdfast.Broker.Limits.Overload;

namespace Holdfast.Broker;

/// <summary>The limits and times of a broker. Every limit has an answer: back-pressure, or a refusal with a reason.</summary>
public sealed record BrokerOptions
{
    /// <summary>The largest application message, in bytes.</summary>
    public int MaximumPayload { get; init; } = 256 * 1024;

    /// <summary>The largest packet, in bytes: a payload, a topic name and properties of 64 kB each.</summary>
    public uint MaximumPacketSize => (uint)MaximumPayload + 131_072;

    /// <summary>The most QoS 1 and 2 messages that a client may have unacknowledged towards us; told to MQTT 5 clients as Receive Maximum.</summary>
    public ushort ReceiveMaximum { get; init; } = 4096;

    /// <summary>The most messages in flight towards one client, if its own Receive Maximum is not lower.</summary>
    public ushort SendMaximum { get; init; } = 2048;

    /// <summary>The longest keep-alive of an MQTT 5 client, in whole seconds; one that asks for more, or for none, is told this one. Null for no bound.</summary>
    public TimeSpan? MaximumKeepAlive { get; init; }

    /// <summary>Where MQTT 5 clients are sent when this node cannot commit or shuts down, such as <c>other.example:8883</c>; null when there is no other.</summary>
    public string? ServerReference { get; init; }

    /// <summary>The longest session expiry that is granted.</summary>
    public TimeSpan MaximumSessionExpiry { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The most subscriptions of one session.</summary>
    public int MaximumSubscriptions { get; init; } = 100_000;

    /// <summary>A connection that has not sent a whole CONNECT by then is closed.</summary>
    public TimeSpan ConnectDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The memory that the process may use, in bytes; near it publishers are slowed down, then QoS 0 is dropped and nobody new let in.</summary>
    public long MemoryLimit { get; init; } = ProcessMemory.DefaultLimit;

    /// <summary>Reads how much memory is in use.</summary>
    public Func<long> MemoryInUse { get; init; } = ProcessMemory.InUse;

    /// <summary>How many clients are let in at once; the others wait in the order in which they have come.</summary>
    public int ConnectsAtOnce { get; init; } = 4096;

    /// <summary>A packet that is not complete by then ends its connection, also without a keep-alive.</summary>
    public TimeSpan PacketDeadline { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A commit that takes longer makes the node unready.</summary>
    public TimeSpan StallThreshold { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When the node has not been able to commit for this long, all clients are disconnected so that they buffer.</summary>
    public TimeSpan AckDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The disconnections are spread over this time.</summary>
    public TimeSpan DisconnectJitter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a publisher waits for a subscriber that does not read before its QoS 0 messages to it are dropped.</summary>
    public TimeSpan QosZeroPatience { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often projections and cursors are written.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Device calls that may wait for an answer at the same time.</summary>
    public int WaitingCalls { get; init; } = 1024;

    /// <summary>Device calls of one device that may wait for an answer at the same time.</summary>
    public int WaitingCallsOfDevice { get; init; } = 16;

    /// <summary>The longest that a device call may wait for its answer.</summary>
    public TimeSpan LongestCall { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many clients a second a node of a cluster sends to the others when it shuts down, and how many it lets come back that it has sent away (<c>hf-retry-after</c>).</summary>
    public int ClientsMovedPerSecond { get; init; } = 1_000;
}
