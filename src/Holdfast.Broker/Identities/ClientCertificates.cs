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

    /// <summary>The most certificates between a device's own and its authority's that are looked at.</summary>
    private const int MostIntermediates = 4;

    /// <summary>The device that an authority of a product names in a certificate, itself or through others that it has issued and the client has sent along.</summary>
    /// <returns>Product, device and credential; null when no authority has issued it, or something on the way is not valid now.</returns>
    public static (string Product, string Device, Credential.Issued Credential)? FindIssued(
        X509Certificate2 certificate, IReadOnlyList<byte[]> intermediates, IReadOnlyList<ProductEntry> products, DateTimeOffset now)
    {
        if (DeviceOf(certificate) is not { } device)
        {
            return null;
        }

        X509Certificate2[] between = [.. Load(intermediates)];
        try
        {
            foreach (var product in products)
            {
                foreach (var authority in product.Document.Authorities)
                {
                    using var root = X509CertificateLoader.LoadCertificate(authority.Certificate);
                    if (MayLeadTo(root, certificate, between) && ExpiryOf(certificate, between, root, now) is { } expiresAt)
                    {
                        return (product.Name, device, new Credential.Issued(authority.Certificate, expiresAt));
                    }
                }
            }
        }
        finally
        {
            Array.ForEach(between, one => one.Dispose());
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

    private static IEnumerable<X509Certificate2> Load(IReadOnlyList<byte[]> intermediates)
    {
        foreach (var intermediate in intermediates.Take(MostIntermediates))
        {
            X509Certificate2 certificate;
            try
            {
                certificate = X509CertificateLoader.LoadCertificate(intermediate);
            }
            catch (CryptographicException)
            {
                continue;
            }

            yield return certificate;
        }
    }

    /// <summary>By names only, which costs little: whoever sends anything must not let the server check signatures for every authority that there is.</summary>
    private static bool MayLeadTo(X509Certificate2 root, X509Certificate2 certificate, X509Certificate2[] between)
    {
        var name = root.SubjectName.RawData;
        return certificate.IssuerName.RawData.AsSpan().SequenceEqual(name) || Array.Exists(between, one => one.IssuerName.RawData.AsSpan().SequenceEqual(name));
    }

    /// <summary>Until when the whole chain is valid; null when there is none.</summary>
    private static DateTimeOffset? ExpiryOf(X509Certificate2 certificate, X509Certificate2[] between, X509Certificate2 root, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(between);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate) ? chain.ChainElements.Select(element => (DateTimeOffset)element.Certificate.NotAfter.ToUniversalTime()).Min() : null;
    }
}
