using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Holdfast.Integrations.Webhooks.Signing;

/// <summary>A secret of the Standard Webhooks specification: <c>whsec_</c> and 24 to 64 bytes in base64. Its text is never logged.</summary>
internal sealed class WebhookSecret
{
    public const string Rule = "'whsec_' and 24 to 64 random bytes in base64";
    private const string Prefix = "whsec_";
    private const int NewBytes = 32;

    private readonly byte[] _key;

    private WebhookSecret(byte[] key) => _key = key;

    /// <summary>A new secret's text.</summary>
    public static string New() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(NewBytes));

    public static bool TryParse(string text, [NotNullWhen(true)] out WebhookSecret? secret)
    {
        secret = null;
        var key = new byte[64];
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)
            || !Base64.IsValid(text.AsSpan(Prefix.Length), out var length) || length is < 24 or > 64
            || !Convert.TryFromBase64String(text[Prefix.Length..], key, out _))
        {
            return false;
        }

        secret = new WebhookSecret(key[..length]);
        return true;
    }

    /// <summary>The signature of a request, <c>v1,…</c>: HMAC-SHA256 over id, timestamp and body.</summary>
    /// <param name="id">The header <c>webhook-id</c>.</param>
    /// <param name="timestamp">The header <c>webhook-timestamp</c>: Unix seconds.</param>
    /// <param name="body">The body.</param>
    public string Sign(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        hmac.AppendData(body);
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hmac.GetHashAndReset(signature);
        return "v1," + Convert.ToBase64String(signature);
    }
}
