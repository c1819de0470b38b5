using System.IO.Pipelines;
using System.Net.Security;

namespace Holdfast.Cluster.Connections;

/// <summary>An encrypted connection as a pipe each way.</summary>
internal sealed class EncryptedTransport(SslStream stream, byte[] certificateHash) : IDuplexPipe, IAsyncDisposable
{
    private const int ReadBytes = 32 * 1024;

    /// <summary>One record of TLS: each buffer becomes a record, or several.</summary>
    private const int WriteBytes = 16 * 1024;

    /// <summary>The hash of the listening side's certificate.</summary>
    public byte[] CertificateHash => certificateHash;

    /// <inheritdoc/>
    public PipeReader Input { get; } = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReadBytes, leaveOpen: true));

    /// <inheritdoc/>
    public PipeWriter Output { get; } = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: WriteBytes, leaveOpen: true));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
