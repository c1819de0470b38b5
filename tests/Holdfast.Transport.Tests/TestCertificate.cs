using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Testing;
using Holdfast.Transport.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Transport.Tests;

/// <summary>Certificates that sign themselves.</summary>
internal static class TestCertificate
{
    /// <summary>TLS with a certificate that nothing changes.</summary>
    public static readonly Lazy<TlsTermination> Termination = new(() =>
    {
        using var directory = new TemporaryDirectory();
        using var certificate = new ServerCertificate(Write(directory, "steady"), TimeProvider.System, NullLogger.Instance);
        return new TlsTermination(certificate);
    });

    /// <summary>Writes a certificate and its key.</summary>
    /// <returns>The two files, <c>certificate.pem</c> and <c>key.pem</c>.</returns>
    public static CertificateFiles Write(TemporaryDirectory directory, string name, DateTimeOffset? expiresAt = null)
    {
        using var certificate = Create(name, expiresAt);
        var files = new CertificateFiles(directory.Below("certificate.pem"), directory.Below("key.pem"), null);
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        WriteSecret(files.Key!, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return files;
    }

    /// <summary>A certificate with its key.</summary>
    public static X509Certificate2 Create(string name, DateTimeOffset? expiresAt = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var end = expiresAt ?? DateTimeOffset.UtcNow.AddDays(30);
        return request.CreateSelfSigned(end.AddDays(-60), end);
    }

    /// <summary>Writes a file that only its owner may read.</summary>
    public static void WriteSecret(string path, string text)
    {
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>A client that takes any certificate.</summary>
    public static SslClientAuthenticationOptions ClientOptions() => new()
    {
        TargetHost = "localhost",
        RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
    };
}
