using System.Collections.Immutable;

namespace Holdfast.Broker.Limits;

/// <summary>What the number of a limit counts.</summary>
public enum LimitUnit
{
    /// <summary>Things.</summary>
    Count,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>Seconds.</summary>
    Seconds,
}

/// <summary>One of the <see cref="ClientLimits"/>: how it is named and read, wherever limits are written.</summary>
/// <param name="Name">Its name in JSON.</param>
/// <param name="Option">Its name on the command line and behind a listener's address.</param>
/// <param name="Unit">What it counts.</param>
/// <param name="Minimum">The smallest value.</param>
/// <param name="Maximum">The largest value.</param>
/// <param name="Description">What it limits.</param>
/// <param name="Of">Reads it.</param>
/// <param name="With">Changes it.</param>
public sealed record LimitField(
    string Name, string Option, LimitUnit Unit, long Minimum, long Maximum, string Description, Func<ClientLimits, long?> Of, Func<ClientLimits, long?, ClientLimits> With)
{
    private const long Many = 1_000_000_000;
    private const long Week = 7 * 24 * 3600;

    /// <summary>All limits, in the order in which they are shown.</summary>
    public static ImmutableArray<LimitField> All { get; } =
    [
        new("connections", "connections", LimitUnit.Count, 1, Many, "Clients at the same time.", one => one.Connections, (one, value) => one with { Connections = value }),
        new("connectRate", "connect-rate", LimitUnit.Count, 1, Many, "Connects in a second.", one => one.ConnectRate, (one, value) => one with { ConnectRate = value }),
        new("publishRate", "publish-rate", LimitUnit.Count, 1, Many, "Messages published in a second.", one => one.PublishRate, (one, value) => one with { PublishRate = value }),
        new("publishBytes", "publish-bytes", LimitUnit.Bytes, 1000, long.MaxValue / 1024, "Bytes published in a second.", one => one.PublishBytes, (one, value) => one with { PublishBytes = value }),
        new("subscriptions", "subscriptions", LimitUnit.Count, 1, Many, "Subscriptions of one session.", one => one.Subscriptions, (one, value) => one with { Subscriptions = value }),
        new("queueAgeSeconds", "queue-age", LimitUnit.Seconds, 1, 52 * Week, "How old a message may become that waits for a session.", one => one.QueueAgeSeconds, (one, value) => one with { QueueAgeSeconds = value }),
        new("queueBytes", "queue-bytes", LimitUnit.Bytes, 1000, long.MaxValue / 1024, "Bytes that may wait for a session; beyond it the oldest messages go.", one => one.QueueBytes, (one, value) => one with { QueueBytes = value }),
        new("packetBytes", "packet-bytes", LimitUnit.Bytes, 1000, 268_435_455, "The largest packet of a client.", one => one.PacketBytes, (one, value) => one with { PacketBytes = value }),
        new("inflight", "inflight", LimitUnit.Count, 1, ushort.MaxValue, "Unacknowledged messages of one connection, each way.", one => one.Inflight, (one, value) => one with { Inflight = value }),
        new("topicLevels", "topic-levels", LimitUnit.Count, 1, Topics.TopicName.MaximumLevels, "Levels of a topic name.", one => one.TopicLevels, (one, value) => one with { TopicLevels = value }),
        new("topicBytes", "topic-bytes", LimitUnit.Bytes, 1, Topics.TopicName.MaximumLength, "Bytes of a topic name.", one => one.TopicBytes, (one, value) => one with { TopicBytes = value }),
    ];

    /// <summary>Makes limits of two others, field by field.</summary>
    internal static ClientLimits Merge(ClientLimits one, ClientLimits other, Func<long?, long?, long?> choose)
        => ReferenceEquals(one, ClientLimits.None) && ReferenceEquals(other, ClientLimits.None) ? one : All.Aggregate(one, (merged, field) => field.With(merged, choose(field.Of(one), field.Of(other))));
}
