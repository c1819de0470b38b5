using Holdfast.Log.Partitions;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Calls;

/// <summary>The topics of commands and of their answers.</summary>
internal static class CallTopics
{
    /// <summary>Where every device of a product answers.</summary>
    public const string AllReplies = "devices/+/replies/+";

    private const byte ResponseTopicProperty = 0x08;

    private static ReadOnlySpan<byte> CommandsLevel => "/commands/"u8;

    private static ReadOnlySpan<byte> RepliesLevel => "/replies/"u8;

    /// <summary>Where a device gets a command.</summary>
    public static string Command(string device, string name) => $"devices/{device}/commands/{name}";

    /// <summary>Where a device answers.</summary>
    public static string Reply(string device, string requestId) => $"devices/{device}/replies/{requestId}";

    /// <summary>The request id of a command: what its Response Topic has below <c>devices/{id}/replies/</c>.</summary>
    /// <param name="topic">The topic of a message.</param>
    /// <param name="properties">Its properties.</param>
    /// <param name="requestId">The request id in UTF-8.</param>
    /// <returns>False when it is no command, or is not answered below the same device's <c>replies</c>.</returns>
    public static bool TryGetRequestId(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> properties, out ReadOnlySpan<byte> requestId)
    {
        requestId = default;
        if (!Partitioning.TryGetDevice(topic, out var device)
            || !Below(topic, device).StartsWith(CommandsLevel)
            || !PropertyFilter.TryGetBytes(properties, ResponseTopicProperty, out var response)
            || !Partitioning.TryGetDevice(response, out var answering)
            || !answering.SequenceEqual(device)
            || !Below(response, device).StartsWith(RepliesLevel))
        {
            return false;
        }

        requestId = Below(response, device)[RepliesLevel.Length..];
        return !requestId.IsEmpty && !requestId.Contains((byte)'/');
    }

    private static ReadOnlySpan<byte> Below(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> device) => topic["devices/".Length..][device.Length..];
}
