namespace Holdfast.Broker.Calls;

/// <summary>Calls devices: a command goes out, and the device's answer comes back. See docs/adr/0011-device-calls.md.</summary>
public interface IDeviceCalls
{
    /// <summary>The longest time that a call may wait for its answer.</summary>
    TimeSpan LongestWait { get; }

    /// <summary>Sends a command and waits for the answer. A device that comes when nobody waits any more does not get it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="wait">How long to wait, at most <see cref="LongestWait"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; the device may carry the command out nevertheless.</param>
    ValueTask<CallResult> CallAsync(DeviceCommand command, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>Stores a command, which is delivered as soon as the device is there, and returns after the commit.</summary>
    /// <param name="command">The command.</param>
    /// <param name="expiry">When it is given up, or null for as long as the log is kept.</param>
    /// <param name="cancellationToken">Ends the waiting before the command is appended, never after.</param>
    ValueTask<CallResult> StoreAsync(DeviceCommand command, TimeSpan? expiry, CancellationToken cancellationToken);
}

/// <summary>What a device is to do.</summary>
public sealed record DeviceCommand
{
    /// <summary>The product.</summary>
    public required string Product { get; init; }

    /// <summary>The device id.</summary>
    public required string Device { get; init; }

    /// <summary>The name of the command, of one or more topic levels.</summary>
    public required string Name { get; init; }

    /// <summary>Its arguments.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Their content type, or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>Who calls, as it is shown to users.</summary>
    public required string Caller { get; init; }
}

/// <summary>What came of a call.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="Detail">When there is no answer: why, and what to do.</param>
public sealed record CallResult(CallStatus Status, string Detail)
{
    /// <summary>The id under which the command is stored; null when it is not.</summary>
    public string? EventId { get; init; }

    /// <summary>Where the device answers; null when the command is not stored.</summary>
    public string? ReplyTopic { get; init; }

    /// <summary>What the device has answered.</summary>
    public DeviceReply? Reply { get; init; }
}

/// <summary>The answer of a device.</summary>
/// <param name="Payload">What it says.</param>
/// <param name="ContentType">Its content type, or null.</param>
/// <param name="Error">The value of its user property <c>hf-error</c>: the command failed; null when it did not, or the device speaks MQTT 3.1.1 and cannot say so.</param>
public sealed record DeviceReply(ReadOnlyMemory<byte> Payload, string? ContentType, string? Error);

/// <summary>The outcome of a call.</summary>
public enum CallStatus
{
    /// <summary>The device has answered.</summary>
    Answered,

    /// <summary>The command is stored; nobody waits for an answer.</summary>
    Stored,

    /// <summary>No answer came in time.</summary>
    NoAnswer,

    /// <summary>No session, connected or waiting, would get the command; it was not sent.</summary>
    NobodySubscribes,

    /// <summary>Too many calls wait already.</summary>
    TooManyCalls,

    /// <summary>Device and name make no topic.</summary>
    TopicInvalid,

    /// <summary>The payload is larger than the node accepts.</summary>
    TooLarge,

    /// <summary>The node cannot commit now. Try again later.</summary>
    NotCommitting,

    /// <summary>There is no room to store the command.</summary>
    Full,
}
