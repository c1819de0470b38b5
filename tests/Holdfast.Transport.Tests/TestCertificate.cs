using System.Net.Security;
using Holdfast.Testing;
using Holdfast.Transport.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Transport.Tests;

/// <summary>The certificate of a test.</summary>
internal static class TestCertificate
{
    /// <summary>TLS with a certificate that nothing changes.</summary>
    public static readonly Lazy<TlsTermination> Termination = new(() =>
    {
        using var directory = new TemporaryDirectory();
        using var certificate = new ServerCertificate(Write(directory, "steady"), TimeProvider.System, NullLogger.Instance);
        return new TlsTermination(certificate);
    });

    /// <summary>Writes a certificate and its key, <c>certificate.pem</c> and <c>key.pem</c>.</summary>
    public static CertificateFiles Write(TemporaryDirectory directory, string name, DateTimeOffset? expiresAt = null)
    {
        var files = new CertificateFiles(directory.Below("certificate.pem"), directory.Below("key.pem"), null);
        TestCertificates.Write(files.Certificate, files.Key!, name, expiresAt);
        return files;
    }

    /// <summary>A client that takes any certificate.</summary>
    public static SslClientAuthenticationOptions ClientOptions() => new()
    {
        TargetHost = "localhost",
        RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
    };
}
