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

    /// <summary>An authority that another one has made, with its key.</summary>
    public static X509Certificate2 Intermediate(X509Certificate2 authority, string subject, bool isAuthority = true)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        using var certificate = request.Create(authority, From, From.AddYears(1), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    public static X509Certificate2 Issue(X509Certificate2 authority, string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);

        // Not by the certificate itself: whether it is one of an authority is for the server to see.
        using var signingKey = authority.GetECDsaPrivateKey()!;
        return request.Create(authority.SubjectName, X509SignatureGenerator.CreateForECDsa(signingKey), From, From.AddYears(1), RandomNumberGenerator.GetBytes(8));
    }
}
