using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Integrations.Webhooks.Sending;

/// <summary>Judges receivers' certificates by an authority of their own or by pinned keys.</summary>
internal sealed class CertificateJudge(WebhookTls tls)
{
    /// <summary>What a pin begins with.</summary>
    public const string PinPrefix = "sha256/";

    /// <summary>The options of a connection.</summary>
    public SslClientAuthenticationOptions Options()
    {
        var options = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Judge };
        if (tls.Ca is not null)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(tls.Ca);
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return options;
    }

    private bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (tls.Pins.Count == 0)
        {
            return errors == SslPolicyErrors.None;
        }

        return certificate is X509Certificate2 given
            && tls.Pins.Contains(PinPrefix + Convert.ToBase64String(SHA256.HashData(given.PublicKey.ExportSubjectPublicKeyInfo())))
            && (tls.Ca is null || errors == SslPolicyErrors.None);
    }
}
