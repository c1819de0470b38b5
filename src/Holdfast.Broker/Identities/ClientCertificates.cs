using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Broker.Identities;

/// <summary>Whose certificate it is that a client has shown, and shown to have the key of.</summary>
public static class ClientCertificates
{
    private const string CommonName = "2.5.4.3";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>The thumbprint by which a certificate is pinned.</summary>
    public static string ThumbprintOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    /// <summary>The device that an authority of a product names in a certificate.</summary>
    /// <returns>Product, device and credential; null when no authority has issued it, or it is not valid now.</returns>
    public static (string Product, string Device, Credential.Issued Credential)? FindIssued(X509Certificate2 certificate, IReadOnlyList<ProductEntry> products, DateTimeOffset now)
    {
        if (DeviceOf(certificate) is not { } device)
        {
            return null;
        }

        foreach (var product in products)
        {
            foreach (var authority in product.Document.Authorities)
            {
                using var issuer = X509CertificateLoader.LoadCertificate(authority.Certificate);
                if (issuer.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData) && IsIssued(certificate, issuer, now))
                {
                    return (product.Name, device, new Credential.Issued(authority.Certificate, certificate.NotAfter.ToUniversalTime()));
                }
            }
        }

        return null;
    }

    /// <summary>Whether a certificate has the key of an authority: the certificate of a key can be written by anybody, a device's certificate only by who has the key.</summary>
    public static bool HasSameKey(Authority authority, X509Certificate2 certificate)
    {
        using var its = X509CertificateLoader.LoadCertificate(authority.Certificate);
        return its.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    /// <summary>What is wrong with the certificate of an authority; null when it can be used.</summary>
    public static string? ProblemOfAuthority(X509Certificate2 certificate)
    {
        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
        {
            return "The certificate of an authority is one that it has issued itself (a root).";
        }

        return certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true }
            ? null
            : "The certificate is none of an authority: its basic constraints do not say CA.";
    }

    /// <summary>The one common name of the subject.</summary>
    private static string? DeviceOf(X509Certificate2 certificate)
    {
        var names = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(name => !name.HasMultipleElements && name.GetSingleElementType().Value == CommonName).Select(name => name.GetSingleElementValue()).ToList();
        return names is [{ } only] ? only : null;
    }

    private static bool IsIssued(X509Certificate2 certificate, X509Certificate2 issuer, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(issuer);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate);
    }
}
