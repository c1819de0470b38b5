using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Holdfast.Status.Notifying;

/// <summary>What makes a link in a mail work for its reader only: a keyed hash of whom and what for.</summary>
internal sealed class LinkTokens(byte[] key)
{
    /// <summary>Makes the token of a link.</summary>
    public string Make(string purpose, string id) => Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{purpose}\n{id}")));

    /// <summary>Whether a token is that of a link; its duration tells nothing.</summary>
    public bool Is(string token, string purpose, string id)
        => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), SHA256.HashData(Encoding.UTF8.GetBytes(Make(purpose, id))));
}
