using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Transport.Channels;

/// <summary>Bytes to and from one peer, whatever carries them.</summary>
internal abstract class NetworkChannel
{
    /// <summary>What the peer sends. A pending read can be cancelled, and reading goes on afterwards.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>What is sent to the peer. A flush completes when the kernel has taken everything, encrypted and framed.</summary>
    public abstract PipeWriter Output { get; }

    /// <summary>The peer's address, for logs.</summary>
    public abstract string Remote { get; }

    /// <summary>The peer's address, by which it is judged; null when it has none.</summary>
    public abstract IPAddress? Address { get; }

    /// <summary>The certificate whose key the peer has shown to have; null when it has shown none.</summary>
    public abstract X509Certificate2? Certificate { get; }

    /// <summary>The certificates that the peer has shown besides it (DER).</summary>
    public virtual IReadOnlyList<byte[]> Intermediates => [];

    /// <summary>
    /// Tells the peer that nothing more is sent, and goes on reading. Not a close: with unread bytes a close sends a reset, which would overtake
    /// what was just sent. Called once, after the last flush.
    /// </summary>
    public abstract Task EndSendingAsync();

    /// <summary>Cuts the connection; a flush or a read under way ends.</summary>
    /// <param name="reason">For logs.</param>
    public abstract void Abort(string reason);
}
