using System.Net;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Broker.Limits;

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
public sealed record ConnectionInfo(string Remote, bool AllowAnonymous)
{
    /// <summary>The peer's address, by which wrong attempts are counted; null when it has none.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The certificate whose key the peer has shown to have; null when it has shown none.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The certificates that the peer has shown besides its own (DER), which may lead to an authority. Nothing is known of them.</summary>
    public IReadOnlyList<byte[]> Intermediates { get; init; } = [];

    /// <summary>The listener's name, by which what comes through it is counted together.</summary>
    public string Listener { get; init; } = "";

    /// <summary>The listener's limits.</summary>
    public ClientLimits Limits { get; init; } = ClientLimits.None;

    /// <summary>Whether this listener admits only clients with a certificate.</summary>
    public bool RequiresCertificate { get; init; }
}
