using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Device.Dialing;

/// <summary>Which servers are trusted.</summary>
internal sealed class ServerTrust(DeviceOptions options)
{
    /// <summary>How a TLS connection to a host is made.</summary>
    public SslClientAuthenticationOptions AuthenticationOptions(string host) => new()
    {
        TargetHost = host,
        ClientCertificates = options.ClientCertificate is { } own ? [own] : null,
        LocalCertificateSelectionCallback = options.ClientCertificate is { } mine ? (_, _, _, _, _) => mine : null,
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors),
    };

    private bool IsTrusted(X509Certificate? certificate, X509Chain? shown, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 leaf || !(options.TrustedAuthorities is null ? errors == SslPolicyErrors.None : IsSignedByOurs(leaf, shown, errors)))
        {
            return false;
        }

        var digest = leaf.GetCertHashString(HashAlgorithmName.SHA256);
        return options.PinnedCertificates.Count == 0 || options.PinnedCertificates.Contains(digest, StringComparer.OrdinalIgnoreCase);
    }

    private bool IsSignedByOurs(X509Certificate2 leaf, X509Chain? shown, SslPolicyErrors errors)
    {
        // A wrong name, or no certificate, is wrong whoever signed it.
        if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(options.TrustedAuthorities!);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in shown?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        chain.ChainPolicy.ExtraStore.AddRange(shown?.ChainPolicy.ExtraStore ?? []);
        return chain.Build(leaf);
    }
}
