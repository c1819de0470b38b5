using Holdfast.Broker.Connections;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Limits;

/// <summary>What one connection may do: the node's own limits and the tightest of its listener, its product and its device. Told in CONNACK, so it does not change while the connection stands.</summary>
internal sealed record ClientTerms
{
    /// <summary>The largest packet from the client, in bytes.</summary>
    public required uint PacketBytes { get; init; }

    /// <summary>The most unacknowledged messages from the client.</summary>
    public required ushort ReceiveMaximum { get; init; }

    /// <summary>The most acknowledgements that are owed to a client of 3.1.1, which cannot be told <see cref="ReceiveMaximum"/>; it is not read beyond.</summary>
    public required int OwedMaximum { get; init; }

    /// <summary>The most messages in flight towards the client.</summary>
    public required ushort SendMaximum { get; init; }

    /// <summary>The most subscriptions of its session.</summary>
    public required long Subscriptions { get; init; }

    /// <summary>The most levels of a topic name.</summary>
    public required long TopicLevels { get; init; }

    /// <summary>The most bytes of a topic name.</summary>
    public required long TopicBytes { get; init; }

    /// <summary>How old, in milliseconds, a message may become that waits for its session; null for as old as the log keeps.</summary>
    public required long? QueueAgeMilliseconds { get; init; }

    /// <summary>The most bytes that wait for its session; null for no bound.</summary>
    public required long? QueueBytes { get; init; }

    public static ClientTerms Of(BrokerOptions options, ClientLimits limits) => new()
    {
        PacketBytes = (uint)Math.Min(options.MaximumPacketSize, limits.PacketBytes ?? long.MaxValue),
        ReceiveMaximum = (ushort)Math.Min(options.ReceiveMaximum, limits.Inflight ?? long.MaxValue),
        OwedMaximum = (int)Math.Min(PendingAcknowledgements.Maximum, limits.Inflight ?? long.MaxValue),
        SendMaximum = (ushort)Math.Min(options.SendMaximum, limits.Inflight ?? long.MaxValue),
        Subscriptions = Math.Min(options.MaximumSubscriptions, limits.Subscriptions ?? long.MaxValue),
        TopicLevels = Math.Min(TopicName.MaximumLevels, limits.TopicLevels ?? long.MaxValue),
        TopicBytes = Math.Min(TopicName.MaximumLength, limits.TopicBytes ?? long.MaxValue),
        QueueAgeMilliseconds = limits.QueueAgeSeconds * 1000,
        QueueBytes = limits.QueueBytes,
    };

    /// <summary>What is wrong with a topic name that is valid in itself; null when nothing is.</summary>
    public string? ProblemOf(ReadOnlySpan<byte> topic)
        => topic.Length > TopicBytes ? $"The topic has more than {TopicBytes} bytes."
            : topic.Count((byte)'/') >= TopicLevels ? $"The topic has more than {TopicLevels} levels." : null;
}
