using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Holdfast.Broker.Identities;

/// <summary>
/// Keys of devices and API tokens: 256 random bits, shown once. Only their SHA-256 is kept. A slow hash, as for passwords, would protect nothing: nobody tries 2^256 texts; but it would
/// make every CONNECT expensive, and so a storm of them an attack.
/// </summary>
public static class Secret
{
    /// <summary>How the key of a device begins, so that one that leaks is recognised.</summary>
    public const string DeviceKeyPrefix = "hfk_";

    /// <summary>How an API token begins, so that one that leaks is recognised.</summary>
    public const string TokenPrefix = "hft_";

    private const int RandomBytes = 32;

    /// <summary>What a name that is unknown is compared with, so that it takes as long as one that is known.</summary>
    private static readonly IReadOnlyList<SecretHash> Nobody = [new SecretHash(RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes), default, null)];

    /// <summary>Makes a new secret.</summary>
    /// <param name="prefix">How it begins.</param>
    public static string New(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>The hash by which a secret is known.</summary>
    /// <param name="secret">The secret.</param>
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Finds a secret among those of an identity. All are compared, each in the same time whatever it is.</summary>
    /// <param name="hash">The hash of what was shown.</param>
    /// <param name="known">The identity's; null when there is no such identity.</param>
    /// <param name="now">The time.</param>
    /// <returns>The secret, when it is valid now; else null.</returns>
    public static SecretHash? Find(ReadOnlySpan<byte> hash, IReadOnlyList<SecretHash>? known, DateTimeOffset now)
    {
        SecretHash? found = null;
        foreach (var one in known is null or [] ? Nobody : known)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, one.Hash) && (one.ExpiresAt is null || one.ExpiresAt > now))
            {
                found = one;
            }
        }

        return found;
    }
}
