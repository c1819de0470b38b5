using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Server.Bench.Suite;

/// <summary>The certificate that brokers show while they are measured: made for the run, signed by nobody.</summary>
internal static class SuiteCertificate
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(1);

    /// <summary>Where the certificate lies.</summary>
    /// <param name="directory">The broker's directory.</param>
    public static string CertificateFile(string directory) => Path.Combine(directory, "certificate.pem");

    /// <summary>Where its key lies.</summary>
    /// <param name="directory">The broker's directory.</param>
    public static string KeyFile(string directory) => Path.Combine(directory, "key.pem");

    /// <summary>Makes it.</summary>
    /// <param name="directory">The broker's directory.</param>
    /// <param name="now">The time.</param>
    public static void Make(string directory, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(now - Validity, now + Validity);
        File.WriteAllText(CertificateFile(directory), certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile(directory), key.ExportPkcs8PrivateKeyPem());
    }
}
