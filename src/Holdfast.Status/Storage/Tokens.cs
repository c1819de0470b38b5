using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Holdfast.Status.Storage;

/// <summary>Tokens of watchers: 256 random bits, of which only the SHA-256 is kept.</summary>
internal static class Tokens
{
    private const int RandomBytes = 32;

    /// <summary>The length of every token.</summary>
    public static int Length { get; } = Base64Url.GetEncodedLength(RandomBytes);

    /// <summary>Makes a token.</summary>
    public static string Make() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>Finds whose token a text is. It compares with every watcher in constant time, so its duration tells nothing about any.</summary>
    /// <returns>The watcher, or null.</returns>
    public static StoredWatcher? Find(string candidate, IReadOnlyList<StoredWatcher> watchers)
    {
        if (candidate.Length != Length || !Ascii.IsValid(candidate))
        {
            return null;
        }

        byte[] hash = SHA256.HashData(Encoding.ASCII.GetBytes(candidate));
        StoredWatcher? found = null;
        foreach (StoredWatcher watcher in watchers)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, watcher.TokenHash))
            {
                found = watcher;
            }
        }

        return found;
    }
}
