using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Integrations.Network;

/// <summary>Judges receivers' certificates by an authority of their own or by pinned keys.</summary>
/// <param name="ca">The only authorities that are trusted, as PEM; null for the machine's.</param>
/// <param name="pins">The keys of which one must be the receiver's; empty for any.</param>
internal sealed class CertificateJudge(string? ca, IReadOnlyList<string> pins)
{
    /// <summary>What a pin begins with.</summary>
    public const string PinPrefix = "sha256/";

    /// <summary>What is wrong with an operator's authorities or pins; null when nothing is.</summary>
    public static (string Field, string Problem)? ProblemOf(string? ca, IReadOnlyList<string> pins)
    {
        if (pins.FirstOrDefault(pin => !pin.StartsWith(PinPrefix, StringComparison.Ordinal) || !IsHash(pin[PinPrefix.Length..])) is { } bad)
        {
            return ("tls.pins", $"'{bad}' is not a pin: '{PinPrefix}' and 32 bytes in base64.");
        }

        if (ca is null)
        {
            return null;
        }

        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(ca);
            return authorities.Count > 0 ? null : ("tls.ca", "There is no certificate in it. Give the authority's certificate as PEM.");
        }
        catch (CryptographicException exception)
        {
            return ("tls.ca", $"The authority's certificate cannot be read: {exception.Message}");
        }
    }

    /// <summary>The options of a connection.</summary>
    public SslClientAuthenticationOptions Options()
    {
        var options = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Judge };
        if (ca is not null)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(ca);
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return options;
    }

    private bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (pins.Count == 0)
        {
            return errors == SslPolicyErrors.None;
        }

        return certificate is X509Certificate2 given
            && pins.Contains(PinPrefix + Convert.ToBase64String(SHA256.HashData(given.PublicKey.ExportSubjectPublicKeyInfo())))
            && (ca is null || errors == SslPolicyErrors.None);
    }

    private static bool IsHash(string text) => Convert.TryFromBase64String(text, new byte[64], out var length) && length == SHA256.HashSizeInBytes;
}
