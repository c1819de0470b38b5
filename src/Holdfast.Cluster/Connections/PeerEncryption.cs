using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Cluster.Connections;

/// <summary>
/// Encrypts the connections between nodes with TLS 1.3 and a certificate that each process makes for itself: nothing to issue, to distribute or to renew. The certificate proves nothing;
/// who is at the other end is proved by the <see cref="Greeting"/>, which covers the certificate.
/// </summary>
internal sealed class PeerEncryption : IDisposable
{
    private static readonly TimeSpan Past = TimeSpan.FromDays(1);
    private static readonly TimeSpan Future = TimeSpan.FromDays(36500);

    private readonly X509Certificate2 _certificate = MakeCertificate();

    /// <summary>Encrypts a connection.</summary>
    /// <param name="plain">The connection.</param>
    /// <param name="isCaller">Whether this side has made it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AuthenticationException">The other end does not encrypt.</exception>
    public async Task<EncryptedTransport> BeginAsync(IDuplexPipe plain, bool isCaller, CancellationToken cancellationToken)
    {
        var stream = new SslStream(new DuplexPipeStream(plain));
        try
        {
            await (isCaller ? CallAsync(stream, cancellationToken) : ListenAsync(stream, cancellationToken)).ConfigureAwait(false);
            var listener = isCaller ? stream.RemoteCertificate! : _certificate;
            return new EncryptedTransport(stream, SHA256.HashData(listener.GetRawCertData()));
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        return new CertificateRequest("CN=holdfast node", key, HashAlgorithmName.SHA256).CreateSelfSigned(now - Past, now + Future);
    }

    private static Task CallAsync(SslStream stream, CancellationToken cancellationToken) => stream.AuthenticateAsClientAsync(
        new SslClientAuthenticationOptions
        {
            TargetHost = "holdfast node",
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        },
        cancellationToken);

    private Task ListenAsync(SslStream stream, CancellationToken cancellationToken) => stream.AuthenticateAsServerAsync(
        new SslServerAuthenticationOptions { ServerCertificate = _certificate, EnabledSslProtocols = SslProtocols.Tls13 }, cancellationToken);
}
