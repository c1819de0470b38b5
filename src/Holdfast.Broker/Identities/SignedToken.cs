using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Holdfast.Broker.Identities;

/// <summary>
/// Signed tokens of devices (JWT in the compact form, RFC 7519): <c>sub</c> is the device's id, <c>exp</c> is required, <c>nbf</c> and <c>aud</c> count. A key is used with the one
/// algorithm that it was configured with, whatever the token says.
/// </summary>
public static class SignedToken
{
    /// <summary>A token that is longer is none.</summary>
    private const int MaximumLength = 8192;

    private const int ShortestSecret = 32;
    private const int ShortestRsaBits = 2048;

    /// <summary>How far the clock of whoever makes tokens may be ahead.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>Whether a password looks like a token; keys have no dots.</summary>
    /// <param name="password">The password.</param>
    public static bool Is(string password) => password.Contains('.', StringComparison.Ordinal);

    /// <summary>Reads a token whose signature and times are good.</summary>
    /// <param name="token">The token.</param>
    /// <param name="keys">The product's keys.</param>
    /// <param name="now">The time.</param>
    /// <returns>The device that it is for and the key that has signed it; null when it is not accepted.</returns>
    public static (string Subject, Credential.Signed Credential)? Read(string token, IReadOnlyList<SigningKey> keys, DateTimeOffset now)
    {
        var parts = token.Split('.');
        if (token.Length > MaximumLength || parts.Length != 3 || !TryDecode(parts[2], out var signature) || !TryParse(parts[0], out var header) || !TryParse(parts[1], out var claims))
        {
            return null;
        }

        var name = Text(header, "kid");
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        var key = header.TryGetProperty("crit", out _)
            ? null
            : keys.FirstOrDefault(one => (name is null || one.Name == name) && one.Algorithm == Text(header, "alg") && IsSigned(one, signed, signature));
        return key is not null && Text(claims, "sub") is { } subject && Time(claims, "exp") is { } expiresAt && expiresAt > now
            && (!claims.TryGetProperty("nbf", out _) || Time(claims, "nbf") <= now + ClockSkew)
            && (key.Audience is null || IsFor(claims, key.Audience))
            ? (subject, new Credential.Signed(key, expiresAt))
            : null;
    }

    /// <summary>What is wrong with a key; null when it can be used.</summary>
    /// <param name="key">The key.</param>
    public static string? ProblemOf(SigningKey key)
    {
        try
        {
            switch (key.Algorithm)
            {
                case "HS256":
                    return Convert.FromBase64String(key.Key).Length >= ShortestSecret ? null : $"A secret of HS256 has at least {ShortestSecret} bytes, in base64.";
                case "RS256" or "PS256":
                    using (var rsa = Rsa(key.Key))
                    {
                        return rsa.KeySize >= ShortestRsaBits ? null : $"An RSA key has at least {ShortestRsaBits} bits.";
                    }

                case "ES256":
                    using (var ecdsa = Ecdsa(key.Key))
                    {
                        return ecdsa.KeySize == 256 ? null : "A key of ES256 is on the curve P-256.";
                    }

                default:
                    return "The algorithms are RS256, PS256, ES256 and HS256.";
            }
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or CryptographicException)
        {
            return key.Algorithm == "HS256" ? "The secret is not base64." : "The key is no public key in PEM.";
        }
    }

    private static bool IsSigned(SigningKey key, byte[] data, byte[] signature)
    {
        switch (key.Algorithm)
        {
            case "HS256":
                return CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(Convert.FromBase64String(key.Key), data), signature);
            case "ES256":
                using (var ecdsa = Ecdsa(key.Key))
                {
                    return ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
                }

            default:
                using (var rsa = Rsa(key.Key))
                {
                    return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, key.Algorithm == "PS256" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
                }
        }
    }

    private static RSA Rsa(string pem)
    {
        var rsa = RSA.Create();
        rsa.ImportFromPem(pem);
        return rsa;
    }

    private static ECDsa Ecdsa(string pem)
    {
        var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(pem);
        return ecdsa;
    }

    private static bool TryDecode(string part, out byte[] bytes)
    {
        var isValid = Base64Url.IsValid(part);
        bytes = isValid ? Base64Url.DecodeFromChars(part) : [];
        return isValid;
    }

    private static bool TryParse(string part, out JsonElement json)
    {
        json = default;
        try
        {
            if (!TryDecode(part, out var bytes))
            {
                return false;
            }

            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            json = document.RootElement.Clone();
            return json.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static DateTimeOffset? Time(JsonElement json, string name)
        => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_799
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;

    private static bool IsFor(JsonElement claims, string audience)
        => claims.TryGetProperty("aud", out var value)
            && (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.GetString() == audience) : Text(claims, "aud") == audience);
}
