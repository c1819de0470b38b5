using System.Net.Security;
using Holdfast.Transport.Sockets;

namespace Holdfast.Transport.Tls;

/// <summary>
/// What a peer sends over TLS, as much as has come. SslStream gives one record of 16 kB at a time, and with each of them would end a read of MQTT, and so
/// begin a flush to every subscriber; here a read goes on as long as a whole record has been received.
/// </summary>
/// <param name="tls">A stream whose handshake is over. It stays the caller's.</param>
/// <param name="connection">The connection below it.</param>
internal sealed class RecordStream(SslStream tls, DirectConnection connection) : Stream
{
    /// <summary>No record is longer: its header, 16 kB, and what encryption may add to them in TLS 1.2 [RFC 5246, 6.2.3].</summary>
    private const int LongestRecord = 5 + (16 * 1024) + 2048;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    /// <remarks>Without a buffer it waits until there is something to read, and holds nothing meanwhile.</remarks>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await tls.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);

        // A whole record is there, so it is not waited for, and what was read is not lost to a cancellation.
        for (var last = read; last > 0 && read < buffer.Length && connection.UnreadBytes >= LongestRecord; read += last)
        {
            last = await tls.ReadAsync(buffer[read..], CancellationToken.None).ConfigureAwait(false);
        }

        return read;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
