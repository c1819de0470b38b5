using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Broker.Tests.Identities;

/// <summary>Certificates that are valid about the time of the tests' clock.</summary>
internal static class Certificates
{
    private static readonly DateTimeOffset From = new(2025, 12, 1, 0, 0, 0, TimeSpan.Zero);

    public static X509Certificate2 Authority(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(From, From.AddYears(2));
    }

    public static X509Certificate2 Issue(X509Certificate2 authority, string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        return request.Create(authority, From, From.AddYears(1), RandomNumberGenerator.GetBytes(8));
    }
}
