namespace Holdfast.Broker.Connections;

/// <summary>What the reader of a connection does after a packet.</summary>
public enum PacketOutcome
{
    /// <summary>The packet is done; go on.</summary>
    Continue,

    /// <summary>The packet was not taken: wait with <see cref="ClientConnection.WhenRoomAsync"/>, then give it again.</summary>
    Busy,

    /// <summary>The packet was taken: wait for <see cref="ClientConnection.PendingWork"/> before the next.</summary>
    Wait,

    /// <summary>The connection is closed; read no more.</summary>
    Closed,
}

/// <summary>Why a connection ended. Every ending has one.</summary>
public enum SessionEndReason
{
    /// <summary>The client sent DISCONNECT.</summary>
    ClientDisconnected,

    /// <summary>The network connection ended without one.</summary>
    ConnectionLost,

    /// <summary>We closed it, for the reason code that was sent.</summary>
    ServerClosed,
}

/// <summary>Where a connection comes from.</summary>
/// <param name="Remote">The peer's address, for logs.</param>
/// <param name="AllowAnonymous">Whether this listener admits clients without credentials.</param>
public sealed record ConnectionInfo(string Remote, bool AllowAnonymous);
